import { activityInfo } from '@temporalio/activity';
import { addNode, countShards, readRegistration } from '../../citus/nodes/registration.js';
import { withCoordinator } from '../../citus/session/connect.js';
import { markNodes } from '../../citus/nodes/marks.js';
import type { BorrowedSetting } from '../../contract/index.js';
import { clusterIn, session, type ActivityContext } from '../runtime/context.js';
import { copyReferenceTables } from '../moving/copy-reference-tables.js';
import { deregister, whatItLeaves } from './deregister.js';
import { assertHeld, isHeld } from '../lock/activities.js';

export type NodeActivities = ReturnType<typeof nodeActivities>;

export interface NodesRequest {
  cluster: string;
  holdId: string;
  nodes: string[];
}

export interface MarkOrder {
  cluster: string;
  holdId: string;
  marks: BorrowedSetting[];
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

    /** Says of nodes whether they should hold shards. Moves nothing. */
    markNodes: async ({ cluster, holdId, marks }: MarkOrder): Promise<void> => {
      await assertHeld(context.client, holdId);
      await withCoordinator(clusterIn(context, cluster), session('mark nodes'), async (db) => {
        const as = (key: 'before' | 'raised') =>
          marks.map((mark) => ({ node: mark.node, value: mark[key] === 'true' }));
        await markNodes(db, as('raised'));
        // The custodian of an operation that was terminated meanwhile may have marked them as they were before this did.
        if (await isHeld(context.client, holdId)) return;
        await markNodes(db, as('before'));
      });
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
          const leaving = { node, groupId: present.groupId };
          const { scheduledTimestampMs } = activityInfo();
          await deregister(db, leaving, scheduledTimestampMs, () => assertHeld(context.client, holdId));
          const known = await whatItLeaves(db, leaving);
          return { notes: [known === undefined ? note : `${note}; ${known}`] };
        },
      );
    },
  };
}
