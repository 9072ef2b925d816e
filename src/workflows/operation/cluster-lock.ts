import {
  CancellationScope,
  ChildWorkflowCancellationType,
  getExternalWorkflowHandle,
  isCancellation,
  ParentClosePolicy,
  patched,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  does,
  holdType,
  shardMark,
  type Attention,
  type BorrowedSetting,
  type OperationStatus,
} from '../../contract/index.js';
import type { OperationRequest } from '../../contract/internal/request.js';
import { borrowSignal, releaseSignal, type HoldInput } from '../lock-messages.js';
import type { Board } from './status.js';
import { holdActivities, nodeActivities, settingActivities } from '../activities.js';
import { startAgain } from '../../contract/internal/start-again.js';
import { refused } from '../../failures.js';
import type { Calls } from './calls.js';

/** One operation a cluster: a custodian holds it, and gives back what was borrowed if we are terminated. */
export interface Hold {
  /**
   * Tells the custodian what is about to be borrowed, besides what is already. Takes the hold again when it was lost:
   * whoever fails here has borrowed nothing.
   */
  borrow: (settings: BorrowedSetting[]) => Promise<void>;
  /** These are back, or stay as they are for good. The custodian needn't hear it: giving back once more changes nothing. */
  gaveBack: (settings: BorrowedSetting[]) => void;
  /** Frees the cluster. Nothing may be changed after it. */
  release: () => Promise<void>;
}

export async function acquireHold(board: Board, caller: Calls, request: OperationRequest): Promise<Hold> {
  let custodian = await take(board, caller, request);
  let releasing = false;
  let borrowed: BorrowedSetting[] = [];
  let recovery: Promise<void> | undefined;

  const watch = (): void => {
    const watched = custodian;
    const ended = (): void => {
      if (!releasing && watched === custodian) void retake({ ask: true }).catch(() => undefined);
    };
    void watched.result().then(ended, ended);
  };

  /** Answers whether our own custodian heard it; another's, under the same id, is never told. */
  const tell = async (settings: BorrowedSetting[]): Promise<boolean> => {
    const ours = getExternalWorkflowHandle(request.holdId, custodian.firstExecutionRunId);
    try {
      await ours.signal(borrowSignal, settings, workflowInfo().workflowId);
      return true;
    } catch (error) {
      if (isCancellation(error)) throw error;
      return false;
    }
  };

  /** From the moment that the hold is ours its custodian has to know what is borrowed, whoever cancels. */
  const takeAnew = async (): Promise<void> => {
    do {
      custodian = await take(board, caller, request);
      watch();
    } while (borrowed.length > 0 && !(await CancellationScope.nonCancellable(() => tell(borrowed))));
  };

  /** The custodian that was lost has given it back, or does so any moment. */
  const borrowAgain = async (): Promise<void> => {
    const { cluster, holdId } = request;
    const marks = borrowed.filter(({ name }) => name === shardMark);
    const settings = borrowed.filter(({ name }) => name !== shardMark);
    if (marks.length > 0)
      await caller.call(nodeActivities.markNodes, 'Mark again', { cluster, holdId, marks }, takeAnew);
    if (settings.length === 0) return;
    const order = { cluster, holdId, settings };
    const raised = await caller.call(settingActivities.raiseSettings, 'Borrow again', order, takeAnew);
    board.notes.push(...raised.notes);
  };

  /** Takes the hold again: after a reset without asking, after someone ended it by hand when a person says so. */
  const retake = ({ ask }: { ask: boolean }): Promise<void> => {
    const again = async (): Promise<void> => {
      if (ask) await caller.park('hold', endedFromOutside(request.holdId));
      await takeAnew();
      if (borrowed.length > 0 && patched('borrow-again')) await CancellationScope.nonCancellable(borrowAgain);
    };
    recovery ??= again().finally(() => {
      recovery = undefined;
    });
    return recovery;
  };
  watch();
  // Every activity that changes something looks first whether the hold is still ours, and refuses to act when not.
  caller.onHoldLost = () => retake({ ask: false });

  const show = (settings: BorrowedSetting[]): void => {
    borrowed = settings;
    board.status = withBorrowed(board.status, settings);
    board.publish();
  };
  return {
    gaveBack: (settings) => show(without(borrowed, settings)),
    borrow: async (settings) => {
      const all = [...without(borrowed, settings), ...settings];
      await recovery;
      while (!(await tell(all))) await retake({ ask: false });
      show(all);
    },
    release: async () => {
      releasing = true;
      try {
        await getExternalWorkflowHandle(request.holdId).signal(releaseSignal, workflowInfo().workflowId);
        await custodian.result();
      } catch {
        // Already gone: nothing is left to free.
      }
    },
  };
}

function without(all: BorrowedSetting[], some: BorrowedSetting[]): BorrowedSetting[] {
  return all.filter((each) => !some.some(({ node, name }) => node === each.node && name === each.name));
}

function withBorrowed(
  { borrowed: _before, ...status }: OperationStatus,
  settings: BorrowedSetting[],
): OperationStatus {
  return settings.length > 0 ? { ...status, borrowed: settings } : status;
}

function endedFromOutside(holdId: string): Attention {
  return {
    problem: 'The hold on the cluster was ended from outside',
    evidence: `the custodian ${holdId} ended while this operation was running; nothing is changed meanwhile`,
    remedies: [
      does('retry', 'retry: it takes the hold again and goes on'),
      does('cancel', 'or cancel, which ends the operation'),
    ],
  };
}

async function take(board: Board, caller: Calls, request: OperationRequest) {
  const { workflowId, runId } = workflowInfo();
  const holder: HoldInput = {
    cluster: request.cluster,
    holder: { workflowId, runId, type: request.type },
  };
  for (;;) {
    try {
      // Not cancellable: a cancel between the start and its answer would leave a hold that nobody knows of.
      return await CancellationScope.nonCancellable(() =>
        startChild(holdType, {
          workflowId: request.holdId,
          args: [holder],
          memo: { holder: holder.holder },
          parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
          cancellationType: ChildWorkflowCancellationType.ABANDON,
          staticSummary: `${request.cluster} is held by ${workflowId}`.slice(0, 200),
        }),
      );
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      await waitForTurn(board, caller, request);
    }
  }
}

async function waitForTurn(board: Board, caller: Calls, request: OperationRequest): Promise<void> {
  const { workflowId, runId } = workflowInfo();
  const seen = await caller.call(holdActivities.lookAtHold, 'Who holds the cluster?', {
    holdId: request.holdId,
    workflowId,
    runId,
  });
  if (seen.state !== 'busy') return;
  if (request.input.ifBusy !== 'wait') {
    throw refused(
      'ClusterBusy',
      `${request.cluster} is held by ${seen.holder.type} ${seen.holder.workflowId}`,
      {
        cluster: request.cluster,
        evidence: [`holder ${seen.holder.workflowId}, run ${seen.holder.runId}, since ${seen.since}`],
        remedies: [
          does('status', 'see what it is at: it may wait for you', { operation: seen.holder.workflowId }),
          startAgain(request, 'start again, and wait until it has ended', { ifBusy: 'wait' }),
        ],
      },
    );
  }
  const before = board.phase;
  board.phase = 'waiting-for-lock';
  board.publish();
  await caller.call(holdActivities.awaitHoldEnd, `Wait for ${seen.holder.workflowId}`, {
    holdId: request.holdId,
  });
  board.phase = before;
  board.publish();
}
