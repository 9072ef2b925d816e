import {
  CancellationScope,
  condition,
  defineQuery,
  isCancellation,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { ledgerQuery, type LockInput, type LockResult } from '../contract/internal/lock.js';
import { describeUndo, undoByHand, type HandedOver, type UndoEntry } from '../contract/internal/undo.js';
import type { Attention } from '../contract/index.js';
import { keeperActivities } from './activities.js';
import { attentionOf } from './operation/failure.js';
import { registrationNodes, queueOf } from './operation/undo-entries.js';
import { addSignal, handOverSignal, releaseSignal, removeSignal, troubleSignal } from './signals.js';

/** Minutes for which the keeper itself tries what fails without passing by itself; an activity has a patience of its own. */
const patienceMinutes = 5;

/**
 * The lock keeper of a cluster: as long as it runs, no other operation may change that cluster. Released, it just
 * ends. Cancelled because its operation was terminated, timed out or reset, it ends what still runs of that operation,
 * undoes its ledger, and ends then. Cancelled by hand while its operation goes on, it ends and leaves the ledger to it.
 */
export async function lockCluster(input: LockInput): Promise<LockResult> {
  const { cluster, holder } = input;
  const ledger = new Map<string, UndoEntry>();
  const keeper: Keeper = { ledger, handedOver: [], trouble: [], released: false, show };
  const ofHolder = (workflowId: string): boolean => workflowId === holder.workflowId;
  setHandler(defineQuery<string[]>(ledgerQuery), lines);
  setHandler(addSignal, (entries, workflowId) => {
    if (ofHolder(workflowId)) for (const entry of entries) ledger.set(entry.id, entry);
    show();
  });
  setHandler(removeSignal, (ids, workflowId) => {
    if (ofHolder(workflowId)) for (const id of ids) ledger.delete(id);
    show();
  });
  setHandler(handOverSignal, (items, workflowId) => {
    if (!ofHolder(workflowId)) return;
    for (const { entry } of items) ledger.delete(entry.id);
    keeper.handedOver.push(...items);
    show();
  });
  setHandler(releaseSignal, (workflowId) => {
    if (ofHolder(workflowId)) keeper.released = true;
  });
  setHandler(troubleSignal, (_activityId, attention) => {
    keeper.trouble = attention ? linesOf(attention) : [];
    show();
  });
  show();
  try {
    await condition(() => keeper.released);
    return { outcome: 'released', handedOver: keeper.handedOver };
  } catch (error) {
    if (!isCancellation(error)) throw error;
    const outcome = await CancellationScope.nonCancellable(() => leave(input, keeper));
    return { outcome, handedOver: keeper.handedOver };
  }

  function lines(): string[] {
    return [
      ...[...ledger.values()].map(describeUndo),
      ...keeper.handedOver.map(
        ({ entry, why }) => `not undone: ${describeUndo(entry)}: ${why}; still to do: ${undoByHand(entry)}`,
      ),
      ...keeper.trouble,
    ];
  }

  function show(): void {
    const list = lines().map((line) => `- ${line}`);
    setCurrentDetails([`**${cluster}** is held by ${holder.workflowId}`, '', ...list].join('\n'));
  }
}

interface Keeper {
  ledger: Map<string, UndoEntry>;
  handedOver: HandedOver[];
  /** What a person should know of the undoing. */
  trouble: string[];
  released: boolean;
  show: () => void;
}

/** Undoes what its operation left, last first; entries that arrive meanwhile too. */
async function leave({ cluster, holder }: LockInput, keeper: Keeper): Promise<LockResult['outcome']> {
  const { endStatements, isRunOpen, undo } = keeperActivities;
  const { workflowId, runId } = holder;
  const open = { answer: false };
  await untilDone(keeper, undefined, async () => {
    const look = { summary: `Does ${workflowId} go on?` };
    open.answer = await isRunOpen.executeWithOptions(look, [{ workflowId, runId }]);
  });
  if (open.answer) return 'ended';
  await untilDone(keeper, undefined, async () => {
    const end = { summary: `End what runs of ${workflowId}` };
    await endStatements.executeWithOptions(end, [
      { cluster, operationId: workflowId, joining: registrationNodes(keeper.ledger) },
    ]);
  });
  for (;;) {
    const entry = [...keeper.ledger.values()].at(-1);
    if (!entry || keeper.released) return keeper.released ? 'released' : 'undone';
    const why = await untilDone(keeper, patienceMinutes, async () => {
      const options = { summary: `Undo: ${describeUndo(entry)}`.slice(0, 200), ...queueOf(entry) };
      const { handedOver } = await undo.executeWithOptions(options, [
        { cluster, lockId: workflowInfo().workflowId, entry },
      ]);
      if (handedOver !== undefined) keeper.handedOver.push({ entry, why: handedOver });
    });
    if (why !== undefined) keeper.handedOver.push({ entry, why });
    keeper.ledger.delete(entry.id);
    keeper.show();
  }
}

/**
 * Does something whatever goes wrong: tried again each time later (up to an hour), until it works or a person releases
 * the lock. With a patience, answers what went wrong last once that is over.
 */
async function untilDone(
  keeper: Keeper,
  patience: number | undefined,
  work: () => Promise<void>,
): Promise<string | undefined> {
  let waitedMinutes = 0;
  for (let minutes = 1; !keeper.released; minutes = Math.min(60, minutes * 2)) {
    const scope = new CancellationScope();
    const success = scope.run(work).then(
      () => true,
      (error: unknown) => {
        const { problem, evidence } = attentionOf(error);
        keeper.trouble = [
          `tried again in ${minutes} min: ${problem}`,
          ...evidence.split('\n').filter(Boolean),
        ];
        keeper.show();
        return false;
      },
    );
    const release = condition(() => keeper.released).then(() => true);
    if (await Promise.race([success, release])) {
      scope.cancel();
      keeper.trouble = [];
      return undefined;
    }
    if (patience !== undefined && waitedMinutes >= patience) return keeper.trouble.at(-1) ?? 'it failed';
    await condition(() => keeper.released, `${minutes}m`);
    waitedMinutes += minutes;
  }
  return undefined;
}

function linesOf({ problem, evidence }: Attention): string[] {
  return [problem, ...evidence.split('\n').filter(Boolean)];
}
