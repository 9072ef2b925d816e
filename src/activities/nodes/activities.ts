import { markNodes } from '../../citus/nodes/marks.js';
import { withCoordinator } from '../../citus/session/connect.js';
import type { NodeMarkEntry, RegistrationEntry } from '../../contract/internal/undo.js';
import { assertHeld } from '../lock/assert-held.js';
import { changeSession, clusterIn, readSession, type ActivityContext } from '../runtime/context.js';
import { planRegistrations, register } from './registration.js';

/** The activities of {@link nodeActivities}, as workflows call them. */
export type NodeActivities = ReturnType<typeof nodeActivities>;

/** Activities that register and mark workers. The undo ledger's activity takes both back. */
export function nodeActivities(context: ActivityContext) {
  return {
    /** Reads how these servers are registered, and what registering them would change. */
    planRegistrations: ({
      cluster,
      nodes,
    }: {
      cluster: string;
      nodes: string[];
    }): Promise<RegistrationEntry[]> =>
      withCoordinator(clusterIn(context, cluster), readSession('registrations'), (db) =>
        planRegistrations(db, nodes),
      ),

    /**
     * Registers servers as workers, or finds them registered. Without a time-out: ended in the middle it could hang in
     * ROLLBACK PREPARED.
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
      withCoordinator(
        clusterIn(context, cluster),
        changeSession('register', { statementTimeoutSeconds: 0 }),
        async (db) => {
          const unchanged: string[] = [];
          for (const entry of entries) {
            await assertHeld(context.client, lockId);
            if (!(await register(db, entry))) unchanged.push(entry.id);
          }
          return { unchanged };
        },
      ),

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
      withCoordinator(
        clusterIn(context, cluster),
        changeSession('mark', { statementTimeoutSeconds: 0 }),
        async (db) => {
          await assertHeld(context.client, lockId);
          await markNodes(
            db,
            entries.map(({ node, during }) => ({ node, value: during })),
          );
        },
      ),
  };
}
