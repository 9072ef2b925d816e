import { CancellationScope } from '@temporalio/workflow';
import {
  describeUndo,
  undoByHand,
  type HandedOver,
  type UndoEntry,
  type UndoKind,
} from '../../contract/internal/undo.js';
import { undoActivities } from '../activities.js';
import type { Calls } from './calls.js';
import { attentionOf } from './failure.js';
import type { Status } from './status.js';
import { groupsOf, hindranceOf, queueOf, registrationNodes } from './undo-entries.js';

/** Changes of the ledger, as the lock keeper hears of them. */
export interface LedgerNews {
  add: UndoEntry[];
  remove: string[];
  handOver: HandedOver[];
}

/** The lock of a cluster: a lock keeper holds it, and undoes the ledger if the operation is terminated. */
export interface ClusterLock {
  /** Returns once the lock keeper has heard it. Takes the lock again when it was lost. */
  tell: <What extends keyof LedgerNews>(what: What, news: LedgerNews[What]) => Promise<void>;
  /** Frees the cluster. Nothing may be changed after it. */
  release: () => Promise<void>;
}

/**
 * The undo ledger of an operation: what it changes for a while, or may have to take back. The lock keeper has the same
 * entries, and undoes them when the operation is terminated.
 */
export interface Undo {
  /** Adds entries; the lock keeper has heard it when this returns, so that the effect may follow. */
  add: (entries: UndoEntry[]) => Promise<void>;
  /** Takes entries off that changed nothing, or stay for good. */
  settle: (ids: string[]) => Promise<void>;
  /** Takes all entries of these kinds off: what they stand for is what was asked for, or others depend on it. */
  keep: (...kinds: UndoKind[]) => Promise<void>;
  /** Undoes the entries of a kind, in the course of an operation. */
  giveBack: (kind: UndoKind) => Promise<void>;
  /** Ends what runs at the server, undoes all that is left, last first, and says what could not be undone. */
  undoAll: () => Promise<void>;
  /** Ends the moves that run at the server, and returns when none does any more. */
  endMoves: () => Promise<void>;
  readonly entries: ReadonlyMap<string, UndoEntry>;
  /** What could not be undone, and is a person's now. */
  readonly handedOver: readonly HandedOver[];
  /** Ends what those who held the lock before may have left running at the server. */
  endEarlier: () => Promise<void>;
  /** Does again what the entries stand for: the keeper of a lock that was lost has undone it. Nothing once all is being undone. */
  redoAll: () => Promise<void>;
  /** The lock, once it is taken. */
  lock: ClusterLock | undefined;
}

/** An empty ledger. */
export function createUndo(status: Status, calls: Calls): Undo {
  const entries = new Map<string, UndoEntry>();
  const { cluster } = status.view;
  let undoing = false;
  let redoing: { scope: CancellationScope; ended: Promise<void> } | undefined;
  const handedOver: HandedOver[] = [];
  const show = (): void => {
    const { undo: _, ...rest } = status.view;
    const list = [...entries.values()].map((entry) => ({ kind: entry.kind, what: describeUndo(entry) }));
    status.view = list.length > 0 ? { ...rest, undo: list } : rest;
    status.publish();
  };
  const ofKinds = (kinds: UndoKind[]): UndoEntry[] =>
    [...entries.values()].filter(({ kind }) => kinds.includes(kind));
  const lockId = (): string => status.request?.lockId ?? '';

  const undo: Undo = {
    entries,
    handedOver,
    lock: undefined,
    add: async (news) => {
      if (news.length === 0) return;
      await undo.lock?.tell('add', news);
      for (const entry of news) entries.set(entry.id, entry);
      show();
    },
    settle: async (ids) => {
      const present = ids.filter((id) => entries.delete(id));
      if (present.length === 0) return;
      show();
      await CancellationScope.nonCancellable(async () => undo.lock?.tell('remove', present));
    },
    keep: (...kinds) => undo.settle(ofKinds(kinds).map(({ id }) => id)),
    giveBack: async (kind) => {
      await undoTogether(ofKinds([kind]).reverse(), Date.now());
    },
    endMoves: () =>
      calls.run(undoActivities.endStatements, 'Wait until no move runs any more', {
        cluster,
        operationId: status.view.operation,
        only: 'moves',
      }),
    endEarlier: () =>
      calls.run(undoActivities.endEarlier, 'Does anything of an earlier operation still run?', {
        cluster,
        lockId: lockId(),
      }),
    undoAll: async () => {
      if (!undo.lock) return;
      undoing = true;
      redoing?.scope.cancel();
      await redoing?.ended;
      const since = Date.now();
      try {
        await calls.run(undoActivities.endStatements, 'End what still runs at the server', {
          cluster,
          operationId: status.view.operation,
          joining: registrationNodes(entries),
        });
      } catch (error) {
        // Given up: nothing is undone beside a statement that may still run.
        status.notes.push(mayStillRun(status, attentionOf(error).problem));
        await handOver([...entries.values()].map((entry) => ({ entry, why: 'a statement may still run' })));
        return;
      }
      for (const group of groupsOf([...entries.values()].reverse())) {
        try {
          if (calls.isOutOfTime()) throw new Error('the operation was given up');
          const hindrance = hindranceOf(group, handedOver);
          if (hindrance !== undefined) throw new Error(hindrance);
          await undoTogether(group, since);
        } catch (error) {
          const why = attentionOf(error);
          await handOver(
            group.map((entry) => ({ entry, why: why.evidence === '' ? why.problem : why.evidence })),
          );
        }
      }
    },
    redoAll: async () => {
      const scope = new CancellationScope({ cancellable: true });
      const work = CancellationScope.nonCancellable(() => scope.run(redoEntries));
      redoing = { scope, ended: work.catch(() => undefined) };
      try {
        await work;
      } finally {
        redoing = undefined;
      }
    },
  };
  return undo;

  async function redoEntries(): Promise<void> {
    for (const entry of [...entries.values()]) {
      if (undoing) return;
      await calls.run(undoActivities.redo, `Again: ${describeUndo(entry)}`, {
        cluster,
        lockId: lockId(),
        entry,
      });
    }
  }

  /** Undoes entries of one kind in one call. */
  async function undoTogether(group: UndoEntry[], since: number): Promise<void> {
    const [first] = group;
    if (!first) return;
    const results = await calls.run(
      undoActivities.undo,
      `Undo: ${group.map(describeUndo).join('; ')}`,
      { cluster, lockId: lockId(), entries: group, since },
      queueOf(first),
    );
    const items: HandedOver[] = [];
    const settled: string[] = [];
    for (const [index, entry] of group.entries()) {
      const { notes = [], handedOver } = results[index] ?? {};
      status.notes.push(...notes);
      if (handedOver === undefined) settled.push(entry.id);
      else items.push({ entry, why: handedOver });
    }
    await undo.settle(settled);
    await handOver(items);
  }

  /** From now on it is a person's: the report and the lock keeper's result name it. */
  async function handOver(items: HandedOver[]): Promise<void> {
    if (items.length === 0) return;
    handedOver.push(...items);
    for (const { entry, why } of items) {
      entries.delete(entry.id);
      status.notes.push(`not undone: ${describeUndo(entry)}: ${why}; still to do: ${undoByHand(entry)}`);
    }
    show();
    await CancellationScope.nonCancellable(async () => undo.lock?.tell('handOver', items));
  }
}

function mayStillRun({ request, moved }: Status, why: string): string {
  const some = moved.unanswered.slice(0, 5).join('; ');
  const names = some === '' ? '' : `, perhaps a move (${some})`;
  return `statements of this operation may still run on the coordinator${names}: ${why}. Their application_name begins with ${request?.sessions ?? 'citus-scaler:'}; who takes the cluster's lock next ends them first`;
}
