import { renewDaemon } from '../../citus/leftovers/sessions.js';
import { markNodes } from '../../citus/nodes/marks.js';
import { findNode, readNodes } from '../../citus/nodes/nodes.js';
import type { Deed } from '../../citus/session/application-name.js';
import { withCoordinator, type Db } from '../../citus/session/connect.js';
import { withAnswers } from '../../citus/session/lost-answer.js';
import type { NodeMarkEntry, RegistrationEntry } from '../../contract/internal/undo.js';
import { assertHeld } from '../lock/assert-held.js';
import {
  changeSession,
  clusterIn,
  isFirstTry,
  readSession,
  type ActivityContext,
} from '../runtime/context.js';
import { tellWaiting } from '../runtime/tell-waiting.js';
import { planRegistrations, register } from './registration.js';

/** The activities of {@link nodeActivities}, as workflows call them. */
export type NodeActivities = ReturnType<typeof nodeActivities>;

/** Activities that register and mark workers. The undo ledger's activity takes both back. */
export function nodeActivities(context: ActivityContext) {
  /** Without a time-out: a change of metadata that is ended in the middle could hang in ROLLBACK PREPARED. */
  const inSession = <T>(
    name: string,
    deed: Deed,
    joining: string[],
    work: (db: Db) => Promise<T>,
  ): Promise<T> => {
    const cluster = clusterIn(context, name);
    return tellWaiting(context, cluster, joining, () =>
      withAnswers(cluster, changeSession(deed, { statementTimeoutSeconds: 0 }), work),
    );
  };
  return {
    /**
     * Reads how these servers are registered, and what registering them would change. Under the lock: what an earlier
     * holder has done is undone by then.
     */
    planRegistrations: async ({
      cluster,
      lockId,
      nodes,
    }: {
      cluster: string;
      lockId: string;
      nodes: string[];
    }): Promise<RegistrationEntry[]> => {
      await assertHeld(context.client, lockId);
      return withCoordinator(clusterIn(context, cluster), readSession('registrations'), (db) =>
        planRegistrations(db, nodes),
      );
    },

    /**
     * Registers servers as workers, or finds them registered.
     *
     * @returns ids of the entries that changed nothing, since somebody else was faster
     */
    registerNodes: ({
      cluster,
      lockId,
      entries,
    }: {
      cluster: string;
      lockId: string;
      entries: RegistrationEntry[];
    }): Promise<{ unchanged: string[] }> =>
      inSession(
        cluster,
        'register',
        entries.map(({ node }) => node),
        async (db) => {
          const unchanged: string[] = [];
          const isFirst = isFirstTry();
          for (const entry of entries) {
            await assertHeld(context.client, lockId);
            if (!(await register(db, entry, { isFirst }))) unchanged.push(entry.id);
            // Best effort: a server that was a node before would go by its earlier id.
            await renewDaemon(db, entry.node);
          }
          return { unchanged };
        },
      ),

    /** Reads how these workers are marked now; those that are as wanted already get no entry. */
    planMarks: async ({
      cluster,
      lockId,
      marks,
    }: {
      cluster: string;
      lockId: string;
      marks: NodeMarkEntry[];
    }): Promise<NodeMarkEntry[]> => {
      await assertHeld(context.client, lockId);
      return withCoordinator(clusterIn(context, cluster), readSession('marks'), async (db) => {
        const nodes = await readNodes(db);
        return marks.flatMap((mark) => {
          const row = findNode(nodes, mark);
          return row && row.shouldHaveShards !== mark.during
            ? [{ ...mark, before: row.shouldHaveShards }]
            : [];
        });
      });
    },

    /** Says of nodes whether they should hold shards. Moves nothing. */
    markNodes: ({
      cluster,
      lockId,
      entries,
    }: {
      cluster: string;
      lockId: string;
      entries: NodeMarkEntry[];
    }): Promise<void> =>
      inSession(cluster, 'mark', [], async (db) => {
        await assertHeld(context.client, lockId);
        await markNodes(
          db,
          entries.map((entry) => ({ ...entry, value: entry.during })),
        );
      }),
  };
}
