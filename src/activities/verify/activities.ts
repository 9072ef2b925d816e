import { withCoordinator, type Db } from '../../citus/session/connect.js';
import { readNodes, type ClusterNode } from '../../citus/nodes/nodes.js';
import { countShards } from '../../citus/nodes/registration.js';
import { readShardGroups, type ShardGroup } from '../../citus/tables/shard-groups.js';
import { balanceOf } from '../../planning/balance.js';
import type { Sources } from '../../planning/sources.js';
import { count } from '../../text/figures.js';
import { clusterIn, looking, type ActivityContext } from '../runtime/context.js';
import { assertHeld } from '../lock/held.js';
import { assertImproved } from './assert-improved.js';
import { tracesOf, type Removed } from './removed.js';
import { presentNodes, undone, type Verified } from './shared.js';

export type VerifyActivities = ReturnType<typeof verifyActivities>;

export interface VerifyOrder {
  request: { cluster: string };
}

export interface EvenOrder extends VerifyOrder {
  movesTotal: number;
  strategy?: string | undefined;
  /** Where the shards of all moves lay before; absent when the outcome isn't judged by how even it is. */
  sources?: Sources | undefined;
}

export interface ScaledOutOrder extends EvenOrder {
  newWorkers: string[];
}

export interface DrainedOrder extends VerifyOrder {
  request: { cluster: string; lockId: string };
  nodes: string[];
  /** Whether they were put back in service instead. */
  undo: boolean;
}

export interface RemovedOrder extends VerifyOrder {
  removed: Removed[];
}

/** Looks whether the outcome is there: a finished movement need not have improved anything. */
export function verifyActivities(context: ActivityContext) {
  const inSnapshot = (
    { request }: VerifyOrder,
    look: (
      db: Db,
      nodes: ClusterNode[],
      groups: ShardGroup[],
    ) => Promise<{ notes?: string[]; detail: string }>,
  ): Promise<Verified> => {
    const cluster = clusterIn(context, request.cluster);
    return withCoordinator(cluster, looking('verify', { statementTimeoutSeconds: 300 }), async (db) => {
      const nodes = await readNodes(db);
      const groups = await readShardGroups(db);
      const { notes = [], detail } = await look(db, nodes, groups);
      return {
        after: balanceOf(groups, nodes),
        notes,
        detail,
      };
    });
  };
  return {
    /** Looks whether new workers are there, and the data lies better than without the moves. @throws NotImproved */
    verifyScaleOut: (order: ScaledOutOrder): Promise<Verified> =>
      inSnapshot(order, async (db, nodes, groups) => {
        await presentNodes(db, nodes, order.newWorkers);
        const { request, sources } = order;
        if (sources === undefined || Object.keys(sources).length === 0)
          return { detail: `${count(order.newWorkers.length, 'new worker')} registered, active and in sync` };
        return { detail: await assertImproved(db, groups, nodes, { cluster: request.cluster, sources }) };
      }),

    /** Looks whether the data lies better than without the moves, by the strategy's measure. @throws NotImproved */
    verifyRebalance: (order: EvenOrder): Promise<Verified> =>
      inSnapshot(order, async (db, nodes, groups) => {
        const { request, strategy, sources } = order;
        if (sources === undefined) return { detail: count(order.movesTotal, 'move') };
        return {
          detail: await assertImproved(db, groups, nodes, { cluster: request.cluster, strategy, sources }),
        };
      }),

    /** The nodes hold no shard that can move, and are still registered, active and in sync. */
    verifyDrain: async (order: DrainedOrder): Promise<Verified> => {
      // The lock keeper of an operation that lost the lock has marked the nodes as they were.
      await assertHeld(context.client, order.request.lockId);
      return inSnapshot(order, async (db, nodes) => {
        const present = await presentNodes(db, nodes, order.nodes);
        const odd = present.find(({ shouldHaveShards }) => shouldHaveShards !== order.undo);
        if (odd)
          throw undone(`shouldhaveshards of ${odd.node} is ${odd.shouldHaveShards}: somebody changed it`);
        const named = present.map(({ node }) => node).join(', ');
        if (order.undo) return { detail: `back in service: ${named}` };
        for (const { node, groupId } of present) {
          const shards = await countShards(db, groupId);
          if (shards > 0)
            throw undone(`${node} holds ${count(shards, 'shard')} again: somebody put them there`);
        }
        return { detail: `no shard left on ${named}, still registered` };
      });
    },

    /** Nothing of the removed nodes is left in the cluster. */
    verifyRemoval: (order: RemovedOrder): Promise<Verified> =>
      inSnapshot(order, async (db, nodes) => {
        const left: string[] = [];
        for (const each of order.removed) left.push(...(await tracesOf(db, nodes, each)));
        const named = order.removed.map(({ node }) => node).join(', ');
        const primaries = nodes.filter(({ role }) => role !== 'secondary').length;
        const traces =
          left.length === 0 ? 'no trace of' : `${count(left.length, 'trace')}, see the notes, of`;
        return { notes: left, detail: `${traces} ${named}; ${count(primaries, 'node')} in sync` };
      }),
  };
}
