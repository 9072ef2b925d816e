import {
  CancellationScope,
  ChildWorkflowCancellationType,
  type ChildWorkflowHandle,
  getExternalWorkflowHandle,
  isCancellation,
  ParentClosePolicy,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { does, lockType, type Attention, type OperationState, type Remedy } from '../../contract/index.js';
import type { LockHolder, LockInput, LockResult } from '../../contract/internal/lock.js';
import type { OperationRequest } from '../../contract/internal/request.js';
import { startAgain } from '../../contract/internal/start-again.js';
import { refused } from '../../failures.js';
import { lockActivities } from '../activities.js';
import { addSignal, handOverSignal, releaseSignal, removeSignal } from '../signals.js';
import type { Calls } from './calls.js';
import type { Status } from './status.js';
import type { ClusterLock, LedgerNews, Undo } from './undo.js';

/** Takes the lock of a cluster. */
export async function takeClusterLock(
  status: Status,
  calls: Calls,
  request: OperationRequest,
  undo: Undo,
): Promise<ClusterLock> {
  let keeper = await take(status, calls, request);
  let isReleasing = false;
  let recovery: Promise<void> | undefined;
  /** The lock is back, and what its keeper has undone is done again. */
  let isRedoing = false;

  const watch = (): void => {
    const watchedKeeper = keeper;
    const onEnd = (): void => {
      if (!isReleasing && watchedKeeper === keeper) void retake({ ask: true }).catch(() => undefined);
    };
    void watchedKeeper.result().then(onEnd, onEnd);
  };

  /** Sends a signal to our own lock keeper; answers whether it was there to hear it. Another's, under the same id, is never told. */
  const send = async <What extends keyof LedgerNews>(
    what: What,
    news: LedgerNews[What],
  ): Promise<boolean> => {
    const { workflowId, runId } = workflowInfo();
    const ours = getExternalWorkflowHandle(request.lockId, keeper.firstExecutionRunId);
    try {
      if (what === 'add') await ours.signal(addSignal, news as LedgerNews['add'], workflowId, runId);
      if (what === 'remove') await ours.signal(removeSignal, news as LedgerNews['remove'], workflowId, runId);
      if (what === 'handOver')
        await ours.signal(handOverSignal, news as LedgerNews['handOver'], workflowId, runId);
      return true;
    } catch (error) {
      if (isCancellation(error)) throw error;
      return false;
    }
  };

  /** From the moment that the lock is ours its keeper has to know the ledger, whoever cancels. */
  const takeAnew = async (): Promise<void> => {
    do {
      keeper = await take(status, calls, request, keeper);
      watch();
    } while (
      undo.entries.size > 0 &&
      !(await CancellationScope.nonCancellable(() => send('add', [...undo.entries.values()])))
    );
    if (undo.handedOver.length > 0) await send('handOver', [...undo.handedOver]);
  };

  /** Takes the lock again: after a reset without asking, after someone ended it by hand when a person says so. */
  const retake = ({ ask }: { ask: boolean }): Promise<void> => {
    const again = async (): Promise<void> => {
      if (ask) await calls.park('lock', endedFromOutside(request.lockId));
      await takeAnew();
      // Somebody may have held it meanwhile.
      await undo.endEarlier();
      isRedoing = true;
      await undo.redoAll();
    };
    recovery ??= again().finally(() => {
      recovery = undefined;
      isRedoing = false;
    });
    return recovery;
  };
  watch();
  // Every activity that changes something looks first whether the lock is still ours, and refuses to act when not.
  // While a person is asked, nobody takes it anew: only what is done again meanwhile may.
  calls.onLockLost = () => (isRedoing ? takeAnew() : (recovery ?? retake({ ask: false })));

  return {
    tell: async (what, news) => {
      // Whoever takes the lock anew tells the whole ledger as it is then.
      if (what !== 'add') {
        await send(what, news);
        return;
      }
      await recovery?.catch(() => undefined);
      while (!(await send(what, news))) await retake({ ask: false });
    },
    release: async () => {
      isReleasing = true;
      try {
        const { workflowId, runId } = workflowInfo();
        await getExternalWorkflowHandle(request.lockId).signal(releaseSignal, workflowId, runId);
        await keeper.result();
      } catch {
        // Already gone: nothing is left to free.
      }
    },
  };
}

function endedFromOutside(lockId: string): Attention {
  return {
    problem: 'The lock on the cluster was ended from outside',
    evidence: `the lock keeper ${lockId} ended while this operation was running; nothing is changed meanwhile`,
    remedies: [
      does('retry', 'retry: it takes the lock again and goes on'),
      does('cancel', 'or cancel, which ends the operation'),
    ],
  };
}

type Keeper = ChildWorkflowHandle<(input: LockInput) => Promise<LockResult>>;

/** Starts the lock keeper; a present one that is ours and runs is the lock. */
async function take(
  status: Status,
  calls: Calls,
  request: OperationRequest,
  present?: Keeper,
): Promise<Keeper> {
  const { workflowId, runId } = workflowInfo();
  const holder: LockHolder = { workflowId, runId, type: request.type, cluster: request.cluster };
  const input: LockInput = { cluster: request.cluster, holder };
  for (;;) {
    try {
      // Not cancellable: a cancel between the start and its answer would leave a lock that nobody knows of.
      return await CancellationScope.nonCancellable(() =>
        startChild<(input: LockInput) => Promise<LockResult>>(lockType, {
          workflowId: request.lockId,
          args: [input],
          memo: { holder },
          parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
          cancellationType: ChildWorkflowCancellationType.ABANDON,
          staticSummary: `${request.cluster} is held by ${workflowId}`.slice(0, 200),
        }),
      );
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      if ((await waitForTurn(status, calls, request)) === 'ours' && present) return present;
    }
  }
}

/** What a person can do about a holder. Waiting alone is no advice where the holder waits for a person. */
function waysOn(request: OperationRequest, operation: string, state: OperationState | undefined): Remedy[] {
  const see = does('status', 'see what it is at', { operation });
  const wait = (text: string): Remedy => startAgain(request, text, { ifBusy: 'wait' });
  switch (state) {
    case 'awaiting-approval':
      return [
        does('approve', 'look at its plan and approve it', { operation }),
        does('reject', 'or reject it', { operation }),
        wait('then start again, and wait until it has ended'),
      ];
    case 'paused':
      return [
        does('resume', 'let it go on, or cancel it', { operation }),
        wait('then start again, and wait until it has ended'),
      ];
    case 'needs-attention':
      return [
        see,
        wait('help it, or cancel it; then start again, and wait until it has ended'),
        ...(request.type === 'emergencyRemoveWorker' && request.input.ifBusy !== 'takeOver'
          ? [
              startAgain(request, 'or, where it is stuck at the dead worker, take the cluster over', {
                ifBusy: 'takeOver',
              }),
            ]
          : []),
      ];
    default:
      return [see, wait('start again, and wait until it has ended')];
  }
}

/**
 * Has the holder give up where the request says so: null once it has, and why it hasn't otherwise. Undefined where nobody
 * asks for that.
 */
async function refusalToGiveUp(
  calls: Calls,
  { type, cluster, input }: OperationRequest,
  holder: LockHolder,
): Promise<string | null | undefined> {
  if (type !== 'emergencyRemoveWorker' || input.ifBusy !== 'takeOver' || !('node' in input)) return undefined;
  const dead = [input.node, ...('alsoDead' in input ? (input.alsoDead ?? []) : [])];
  const order = { cluster, holder, dead };
  return calls.run(lockActivities.takeOver, `Take over from ${holder.workflowId}`, order);
}

async function waitForTurn(
  status: Status,
  calls: Calls,
  request: OperationRequest,
): Promise<'ours' | 'free'> {
  const { workflowId, runId } = workflowInfo();
  const answer = await calls.run(lockActivities.lookAtLock, 'Who holds the cluster?', {
    lockId: request.lockId,
    workflowId,
    runId,
    ...(request.input.ifBusy === 'takeOver' && { takeOver: true }),
  });
  if (answer.state !== 'busy') return answer.state;
  const { holder, since, holderIs } = answer;
  const refusal = await refusalToGiveUp(calls, request, holder);
  if (refusal === null) {
    status.notes.push(`took the cluster over from ${holder.type} ${holder.workflowId}`);
    return 'free';
  }
  if (request.input.ifBusy !== 'wait') {
    const alias =
      holder.cluster === request.cluster || holder.cluster === ''
        ? ''
        : `, which calls it ${holder.cluster}: both names mean one server`;
    throw refused(
      'ClusterBusy',
      `${request.cluster} is held by ${holder.type} ${holder.workflowId}${alias}${holderIs === undefined ? '' : `, ${holderIs.words}`}${refusal === undefined ? '' : `; it was not given up: ${refusal}`}`,
      {
        cluster: request.cluster,
        evidence: [
          `holder ${holder.workflowId}, run ${holder.runId}, since ${since}`,
          ...(refusal === undefined ? [] : [`it was not given up: ${refusal}`]),
          ...(alias === ''
            ? []
            : [
                `the config's clusters ${request.cluster} and ${holder.cluster} have the same system identifier; a physical copy needs lockName`,
              ]),
        ],
        remedies: waysOn(request, holder.workflowId, holderIs?.state),
      },
    );
  }
  const before = status.phase;
  status.phase = 'waiting-for-lock';
  status.publish();
  await calls.run(lockActivities.awaitLockEnd, `Wait for ${holder.workflowId}`, { lockId: request.lockId });
  status.phase = before;
  status.publish();
  return 'free';
}
