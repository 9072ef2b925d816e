import { activityInfo, sleep } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import {
  addNode,
  cleanUpDeferred,
  countShards,
  readRegistration,
  removeNode,
} from '../citus/registration.js';
import { withCoordinator } from '../citus/connect.js';
import { runOnNodes } from '../citus/node-settings.js';
import { clusterIn, session, type ActivityContext } from './context.js';
import { copyReferenceTables } from './copy-reference-tables.js';
import { assertHeld } from './hold.js';

export type NodeActivities = ReturnType<typeof nodeActivities>;

export interface NodesRequest {
  cluster: string;
  holdId: string;
  nodes: string[];
}

export interface NodeRequest {
  cluster: string;
  holdId: string;
  node: string;
}

export interface ReferenceOrder {
  cluster: string;
  holdId: string;
  transferMode: string;
}

/** Registers and deregisters workers. */
export function nodeActivities(context: ActivityContext) {
  return {
    /** Registers servers as workers, or finds them registered. */
    registerNodes: async ({ cluster, holdId, nodes }: NodesRequest): Promise<void> => {
      await assertHeld(context.client, holdId);
      await withCoordinator(
        clusterIn(context, cluster),
        session('register', { statementTimeoutSeconds: 300 }),
        async (db) => {
          for (const node of nodes) {
            const present = await readRegistration(db, node);
            if (!present?.active || present.role !== 'primary') await addNode(db, node);
          }
        },
      );
    },

    /** Copies every reference table to each node that lacks it; waits, as a move does, for older transactions. */
    replicateReferenceTables: async ({
      cluster: name,
      holdId,
      transferMode,
    }: ReferenceOrder): Promise<void> => {
      await assertHeld(context.client, holdId);
      await copyReferenceTables(context, clusterIn(context, name), transferMode);
    },

    /** Takes a worker out again that this operation registered, unless it holds shards by now. */
    deregisterUnused: async ({ cluster, holdId, node }: NodeRequest): Promise<{ notes: string[] }> => {
      await assertHeld(context.client, holdId);
      return withCoordinator(
        clusterIn(context, cluster),
        session('deregister', { statementTimeoutSeconds: 120 }),
        async (db) => {
          const present = await readRegistration(db, node);
          const note = `${node} was deregistered again`;
          // An earlier attempt did it, and was cut off before it could say so.
          if (!present) return { notes: activityInfo().attempt > 1 ? [note] : [] };
          const shards = await countShards(db, present.groupId);
          if (shards > 0) return { notes: [`${node} stays registered: it holds ${shards} shards by now`] };
          // A row left behind would poison the server for a later return (measured, docs/citus.md).
          for (let tries = 0; (await cleanUpDeferred(db, present.groupId)) > 0; tries += 1) {
            if (tries === 60) {
              throw ApplicationFailure.retryable(
                `leftovers on ${node} can't be cleaned up yet (pg_dist_cleanup, group ${present.groupId})`,
                'Passing',
              );
            }
            await sleep(1_000);
          }
          await removeNode(db, node);
          const [answer] = await runOnNodes(db, [{ node, command: 'select 1' }]);
          // Whoever connects to it writes into the cluster still.
          const knows =
            'it did not answer and still knows the cluster: drop its database before it is used again';
          return { notes: [answer?.success ? note : `${note}; ${knows}`] };
        },
      );
    },
  };
}
