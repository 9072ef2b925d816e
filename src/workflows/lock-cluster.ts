import {
  CancellationScope,
  condition,
  defineQuery,
  isCancellation,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { entriesQuery, ledgerQuery, type LockInput, type LockResult } from '../contract/internal/lock.js';
import { describeUndo, undoByHand, type HandedOver, type UndoEntry } from '../contract/internal/undo.js';
import { operationTypes, type Attention } from '../contract/index.js';
import { refused } from '../failures.js';
import { keeperActivities } from './activities.js';
import { attentionOf } from './operation/failure.js';
import { groupsOf, hindranceOf, queueOf, registrationNodes } from './operation/undo-entries.js';
import { addSignal, handOverSignal, releaseSignal, removeSignal, troubleSignal } from './signals.js';

/** Milliseconds for which the keeper itself tries what fails without passing by itself; an activity has a patience of its own. */
const patienceMs = 5 * 60_000;

/**
 * Keeps a cluster's lock for one operation: while it runs, no other operation may change the cluster. When the operation
 * ends, it releases the lock. When the operation was terminated, timed out or reset, the lock keeper ends what still runs
 * of it, undoes what the operation's undo ledger names, and then ends. Cancelled by hand while its operation goes on, it
 * ends and undoes nothing.
 */
export async function lockCluster(input: LockInput): Promise<LockResult> {
  refuseByHand();
  const { cluster, holder } = input;
  const ledger = new Map<string, UndoEntry>();
  const keeper: Keeper = { ledger, handedOver: [], notes: [], trouble: [], released: false, show };
  let isFollowed = false;
  const ofHolder = (workflowId: string, runId = holder.runId): boolean =>
    workflowId === holder.workflowId && runId === holder.runId;
  setHandler(defineQuery<string[]>(ledgerQuery), lines);
  setHandler(defineQuery<string[]>(entriesQuery), () => [...ledger.keys()]);
  setHandler(addSignal, (entries, ...sender) => {
    if (ofHolder(...sender)) for (const entry of entries) ledger.set(entry.id, entry);
    show();
  });
  setHandler(removeSignal, (ids, ...sender) => {
    if (ofHolder(...sender)) for (const id of ids) ledger.delete(id);
    show();
  });
  setHandler(handOverSignal, (items, ...sender) => {
    if (!ofHolder(...sender)) return;
    for (const { entry } of items) ledger.delete(entry.id);
    keeper.handedOver.push(...items);
    show();
  });
  setHandler(releaseSignal, (...sender) => {
    if (ofHolder(...sender)) keeper.released = true;
    // After a reset the next run is over, and knows nothing of what the run before has changed.
    else if (ofHolder(sender[0])) isFollowed = true;
  });
  setHandler(troubleSignal, (_activityId, attention) => {
    keeper.trouble = attention ? linesOf(attention) : [];
    show();
  });
  show();
  try {
    await condition(() => keeper.released || isFollowed);
  } catch (error) {
    if (!isCancellation(error)) throw error;
  }
  const outcome = keeper.released
    ? letGo(keeper)
    : await CancellationScope.nonCancellable(() => leave(input, keeper));
  return { outcome, handedOver: keeper.handedOver, notes: keeper.notes };

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
  /** What the undoing came to. */
  notes: string[];
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
  const since = Date.now();
  for (;;) {
    const [group] = groupsOf([...keeper.ledger.values()].reverse());
    if (keeper.released) return letGo(keeper);
    if (!group) return 'undone';
    const hindrance = hindranceOf(group, keeper.handedOver);
    if (hindrance !== undefined) {
      handOver(keeper, group, hindrance);
      continue;
    }
    const [first] = group;
    const why = await untilDone(keeper, since + patienceMs, async () => {
      const summary = `Undo: ${group.map(describeUndo).join('; ')}`.slice(0, 200);
      const options = { summary, ...(first && queueOf(first)) };
      const order = { cluster, lockId: workflowInfo().workflowId, entries: group, since };
      const results = await undo.executeWithOptions(options, [order]);
      for (const [index, entry] of group.entries()) {
        const result = results[index];
        if (result?.handedOver !== undefined) handOver(keeper, [entry], result.handedOver);
        keeper.notes.push(...(result?.notes ?? []));
        keeper.ledger.delete(entry.id);
      }
    });
    if (why !== undefined) handOver(keeper, group, why);
    keeper.show();
  }
}

/** The lock was released. Its operation does that with an empty ledger, a person with what it may hold. */
function letGo(keeper: Keeper): 'released' {
  handOver(keeper, [...keeper.ledger.values()], 'the lock was released by hand');
  return 'released';
}

function handOver(keeper: Keeper, entries: UndoEntry[], why: string): void {
  for (const entry of entries) {
    keeper.ledger.delete(entry.id);
    keeper.handedOver.push({ entry, why });
  }
  keeper.show();
}

/**
 * Does something whatever goes wrong: tried again each time later (up to an hour), until it works or a person releases
 * the lock. With a deadline, in milliseconds since 1970, answers what went wrong last once that is over.
 */
async function untilDone(
  keeper: Keeper,
  deadline: number | undefined,
  work: () => Promise<void>,
): Promise<string | undefined> {
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
    if (deadline !== undefined && Date.now() >= deadline) return keeper.trouble.at(-1) ?? 'it failed';
    await condition(() => keeper.released, `${minutes}m`);
  }
  return undefined;
}

function linesOf({ problem, evidence }: Attention): string[] {
  return [problem, ...evidence.split('\n').filter(Boolean)];
}

/** Without an operation nobody would ever release it; and its input is none that a person could know. */
function refuseByHand(): void {
  if (workflowInfo().parent) return;
  throw refused('InvalidInput', 'lockCluster is started by operations, not by hand', {
    evidence: ['it has no parent workflow'],
    remedies: [`start an operation instead: ${operationTypes.join(', ')}`],
  });
}
