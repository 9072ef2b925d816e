import { activityInfo, Context } from '@temporalio/activity';
import { deedName, operationPrefix, type Deed } from '../../citus/session/application-name.js';
import { withCoordinator, type Db } from '../../citus/session/connect.js';
import { withAnswers } from '../../citus/session/lost-answer.js';
import type { UndoEntry } from '../../contract/internal/undo.js';
import { detailsOf, isLockLost } from '../../failures.js';
import { assertHeld } from '../lock/assert-held.js';
import { earlierHolders } from '../lock/keeper.js';
import { attentionChannel } from '../moving/stalls/attention-channel.js';
import { classify } from '../runtime/classify.js';
import {
  changeSession,
  clusterIn,
  ownSignal,
  ownWorkflowId,
  readSession,
  usualUndoPatienceMs,
  type ActivityContext,
} from '../runtime/context.js';
import { endSessions } from '../runtime/end-sessions.js';
import { lingeringTeller } from '../runtime/lingering-attention.js';
import { tellWaiting } from '../runtime/tell-waiting.js';
import { redoEntry } from './redo-entry.js';
import { undoEntries, type UndoResult } from './undo-entry.js';

/** The activities of {@link undoActivities}, as workflows call them. */
export type UndoActivities = ReturnType<typeof undoActivities>;

/** The entry of the undo ledger to undo or redo. */
export interface UndoOrder {
  cluster: string;
  lockId: string;
  /** All of one kind. */
  entries: UndoEntry[];
  /** When the undoing of the ledger began, in milliseconds. */
  since: number;
}

/** The statements to end. */
export interface StatementsOrder {
  cluster: string;
  /** Statements of this operation. */
  operationId: string;
  /** Only its moves and copies of reference tables. */
  only?: 'moves';
  /** Servers that are being registered: what holds a statement may be there. */
  joining?: string[];
}

/** Milliseconds after which it is told what holds a statement that is being ended. */
const lingerMs = 5_000;

/** Activities that undo what an operation did, whoever calls them: the operation itself or the lock keeper. */
export function undoActivities(context: ActivityContext) {
  const { undoPatienceMs = usualUndoPatienceMs } = context;

  /** Ends sessions by the beginnings of their names, and tells what holds those that don't end. */
  async function end(cluster: string, prefixes: string[], joining: string[] = []): Promise<void> {
    const activity = Context.current();
    const channel = attentionChannel(context.client, activity);
    const startedAt = Date.now();
    const tellLingering = lingeringTeller(channel, joining);
    const options = readSession('end statements', { statementTimeoutSeconds: 30 });
    await withCoordinator(clusterIn(context, cluster), options, (db) =>
      endSessions(db, { prefixes }, async (sessions) => {
        activity.cancellationSignal.throwIfAborted();
        if (Date.now() - startedAt >= lingerMs) await tellLingering(db, sessions);
      }),
    );
    channel.clear();
  }

  return {
    /**
     * Ends what runs at the coordinator for an operation that is being stopped, or is gone, and returns when nothing of
     * it runs any more. Fails, and is tried again, as long as the coordinator can't be reached.
     */
    endStatements: ({ cluster, operationId, only, joining }: StatementsOrder): Promise<void> =>
      end(cluster, [`${operationPrefix(operationId)}${only === 'moves' ? 'move:' : ''}`], joining),

    /** Ends what earlier holders of the lock, or their keepers, may have left running when somebody gave up on them. */
    endEarlier: async ({ cluster, lockId }: { cluster: string; lockId: string }): Promise<void> => {
      const holders = await earlierHolders(context.client, lockId);
      const own = ownWorkflowId();
      const others = [lockId, ...holders].filter((workflowId) => workflowId !== own);
      await end(cluster, others.map(operationPrefix));
    },

    /**
     * Undoes entries of the ledger; one that hinders no other. What could not be undone for five minutes is handed over
     * to a person, also when its statement still waits at the server: who takes the lock next ends or awaits it.
     */
    undo: async ({ cluster: name, lockId, entries, since }: UndoOrder): Promise<UndoResult[]> => {
      const cluster = clusterIn(context, name);
      const mayAct = (): Promise<void> => assertHeld(context.client, lockId);
      const deadline = Math.max(since + undoPatienceMs, activityInfo().scheduledTimestampMs);
      const [first] = entries;
      if (!first) return [];
      const gone = new AbortController();
      const options = changeSession(deeds[first.kind].undo, {
        statementTimeoutSeconds: 0,
        signal: AbortSignal.any([ownSignal(), gone.signal]),
      });
      const work = withAnswers(cluster, options, async (db) => {
        // An attempt that was frozen may be about to do what is undone here.
        await endSessions(db, {
          prefixes: effectsOf(first.kind).map((deed) => deedName(ownWorkflowId(), deed)),
        });
        const results: UndoResult[] = [];
        const failures: unknown[] = [];
        for (const settled of await undoEntries(entries, { cluster, db, since, mayAct })) {
          if (settled.status === 'fulfilled') {
            results.push(settled.value);
            continue;
          }
          const error: unknown = settled.reason;
          Context.current().cancellationSignal.throwIfAborted();
          if (isLockLost(error) || Date.now() < deadline || !(await answers(db))) failures.push(error);
          results.push({ notes: [], handedOver: reasonOf(error) });
        }
        if (failures.length > 0) throw failures[0];
        return results;
      });
      try {
        return await tellWaiting(context, cluster, joiningOf(entries), () =>
          untilDeadline(work, deadline, () =>
            entries.map(() => ({ notes: [], handedOver: 'its statement waits at the server' })),
          ),
        );
      } finally {
        gone.abort();
        work.catch(() => undefined);
      }
    },

    /** Does again what an entry stands for, after the lock was lost and taken anew: its keeper has undone it. */
    redo: ({
      cluster: name,
      lockId,
      entry,
    }: {
      cluster: string;
      lockId: string;
      entry: UndoEntry;
    }): Promise<void> => {
      const cluster = clusterIn(context, name);
      const options = changeSession(deeds[entry.kind].effect, { statementTimeoutSeconds: 0 });
      return tellWaiting(context, cluster, joiningOf([entry]), () =>
        withAnswers(cluster, options, async (db) => {
          await assertHeld(context.client, lockId);
          await redoEntry(context, lockId, entry, { cluster, db });
        }),
      );
    },
  };
}

/** Waits for work, but for work that waits at the server no longer than until the deadline and half a minute. */
async function untilDeadline<T>(work: Promise<T>, deadline: number, otherwise: () => T): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<T>((resolve) => {
    timer = setTimeout(() => resolve(otherwise()), Math.max(0, deadline - Date.now()) + graceMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Milliseconds that an entry is tried in any case, however late it is its turn. */
const graceMs = 30_000;

function joiningOf(entries: UndoEntry[]): string[] {
  return entries.flatMap((entry) => (entry.kind === 'registration' ? [entry.node] : []));
}

/** The deeds of the sessions that make the effect of an entry, and that undo or redo it. Starting a machine takes no session. */
const deeds: Record<UndoEntry['kind'], { effect: Deed; undo: Deed }> = {
  setting: { effect: 'settings', undo: 'settings' },
  'node-mark': { effect: 'mark', undo: 'mark' },
  registration: { effect: 'register', undo: 'deregister' },
  'metadata-sync': { effect: 'sync', undo: 'sync' },
  machine: { effect: 'register', undo: 'deregister' },
  hold: { effect: 'hold', undo: 'hold' },
};

/** A hold that splits has registered its clone before. */
function effectsOf(kind: UndoEntry['kind']): Deed[] {
  return kind === 'hold' ? ['hold', 'register'] : [deeds[kind].effect];
}

function reasonOf(error: unknown): string {
  const failure = classify(error);
  return [failure.message, ...detailsOf(failure).evidence].find((line) => line !== '') ?? 'no answer';
}

/** Whether the coordinator is there: then it is the entry's own node or program that isn't. */
async function answers(db: Db): Promise<boolean> {
  return db.query('select 1').then(
    () => true,
    () => false,
  );
}
