import { activityInfo, Context } from '@temporalio/activity';
import { anyOperation, deedName, operationPrefix, type Deed } from '../../citus/session/application-name.js';
import { withCoordinator, type Db } from '../../citus/session/connect.js';
import type { SessionFilter } from '../../citus/session/own-sessions.js';
import type { UndoEntry } from '../../contract/internal/undo.js';
import { detailsOf } from '../../failures.js';
import { assertHeld } from '../lock/assert-held.js';
import { attentionChannel } from '../moving/stalls/attention-channel.js';
import { classify } from '../runtime/classify.js';
import {
  changeSession,
  clusterIn,
  readSession,
  ownWorkflowId,
  usualUndoPatienceMs,
  type ActivityContext,
} from '../runtime/context.js';
import { endSessions } from '../runtime/end-sessions.js';
import { redoEntry } from './redo-entry.js';
import { undoEntry } from './undo-entry.js';
import { lingeringAttention } from './lingering-attention.js';

/** The activities of {@link undoActivities}, as workflows call them. */
export type UndoActivities = ReturnType<typeof undoActivities>;

/** The entry of the undo ledger to undo or redo. */
export interface UndoOrder {
  cluster: string;
  lockId: string;
  entry: UndoEntry;
}

/** The outcome of undoing an entry; `handedOver` says why a person has to do it. */
export interface UndoResult {
  notes: string[];
  handedOver?: string;
}

/** The statements to end. */
export interface StatementsOrder {
  cluster: string;
  /** Statements of this operation; absent: those of all operations but the one that asks. */
  operationId?: string;
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
  return {
    /**
     * Ends what runs at the coordinator for an operation that is being stopped, or is gone, and returns when nothing of
     * it runs any more. Fails, and is tried again, as long as the coordinator can't be reached.
     */
    endStatements: async ({ cluster, operationId, only, joining = [] }: StatementsOrder): Promise<void> => {
      const activity = Context.current();
      const channel = attentionChannel(context.client, activity);
      const startedAt = Date.now();
      let hasAttention = false;
      const name = lookingWhile('end statements');
      await withCoordinator(clusterIn(context, cluster), name, (db) =>
        endSessions(db, sessionsOf(operationId, only), async (sessions) => {
          activity.cancellationSignal.throwIfAborted();
          if (hasAttention || Date.now() - startedAt < lingerMs) return;
          hasAttention = true;
          channel.attention(await lingeringAttention(db, sessions, joining));
        }),
      );
      channel.clear();
    },

    /** Undoes one entry of the ledger; what could not be undone for five minutes is handed over to a person. */
    undo: async ({ cluster: name, lockId, entry }: UndoOrder): Promise<UndoResult> => {
      const cluster = clusterIn(context, name);
      const since = activityInfo().scheduledTimestampMs;
      const mayAct = (): Promise<void> => assertHeld(context.client, lockId);
      return withCoordinator(
        cluster,
        changeSession(deeds[entry.kind].undo, { statementTimeoutSeconds: 0 }),
        async (db) => {
          // An attempt that was frozen may be about to do what is undone here.
          await endSessions(db, { prefix: deedName(ownWorkflowId(), deeds[entry.kind].effect) });
          try {
            return { notes: await undoEntry(entry, { cluster, db, since, mayAct }) };
          } catch (error) {
            Context.current().cancellationSignal.throwIfAborted();
            const isOver = Date.now() - since > undoPatienceMs;
            if (!isOver || !(await answers(db))) throw error;
            const failure = classify(error);
            const why =
              [failure.message, ...detailsOf(failure).evidence].find((line) => line !== '') ?? 'no answer';
            return { notes: [], handedOver: why };
          }
        },
      );
    },

    /** Does again what an entry stands for, after the lock was lost and taken anew: its keeper has undone it. */
    redo: ({ cluster: name, lockId, entry }: UndoOrder): Promise<void> => {
      const cluster = clusterIn(context, name);
      return withCoordinator(
        cluster,
        changeSession(deeds[entry.kind].undo, { statementTimeoutSeconds: 0 }),
        async (db) => {
          await assertHeld(context.client, lockId);
          await redoEntry(entry, { cluster, db });
        },
      );
    },
  };
}

function lookingWhile(what: string) {
  return readSession(what, { statementTimeoutSeconds: 30 });
}

function sessionsOf(operationId: string | undefined, only: 'moves' | undefined): SessionFilter {
  if (operationId === undefined) return { pattern: anyOperation, except: operationPrefix(ownWorkflowId()) };
  return { prefix: `${operationPrefix(operationId)}${only === 'moves' ? 'move:' : ''}` };
}

/** The deeds of the sessions that make the effect of an entry, and that undo or redo it. Starting a machine takes no session. */
const deeds: Record<UndoEntry['kind'], { effect: Deed; undo: Deed }> = {
  setting: { effect: 'settings', undo: 'settings' },
  'node-mark': { effect: 'mark', undo: 'mark' },
  registration: { effect: 'register', undo: 'deregister' },
  machine: { effect: 'register', undo: 'deregister' },
};

/** Whether the coordinator is there: then it is the entry's own node or program that isn't. */
async function answers(db: Db): Promise<boolean> {
  return db.query('select 1').then(
    () => true,
    () => false,
  );
}
