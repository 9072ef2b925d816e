import { withCoordinator, type Db } from '../../citus/session/connect.js';
import { readNodes, type ClusterNode } from '../../citus/nodes/nodes.js';
import { countShards } from '../../citus/nodes/registration.js';
import { readShardGroups, type ShardGroup } from '../../citus/tables/shard-groups.js';
import type { BorrowedSetting } from '../../contract/index.js';
import { balanceOf } from '../../planning/balance.js';
import { count } from '../../text/figures.js';
import { clusterIn, session, type ActivityContext } from '../runtime/context.js';
import { assertHeld } from '../lock/activities.js';
import { evened } from './evened.js';
import { tracesOf, type Removed } from './removed.js';
import { presentNodes, settingsAsBefore, undone, type Verified } from './shared.js';

export type VerifyActivities = ReturnType<typeof verifyActivities>;

export interface VerifyOrder {
  request: { cluster: string };
  /** What was borrowed and is given back by now. */
  borrowed: BorrowedSetting[];
}

export interface EvenOrder extends VerifyOrder {
  movesTotal: number;
  strategy?: string | undefined;
  /** Unevenness before, by the strategy's measure; absent when nothing was to be evened out. */
  unevenness?: number | undefined;
}

export interface ScaledOutOrder extends EvenOrder {
  newWorkers: string[];
}

export interface DrainedOrder extends VerifyOrder {
  request: { cluster: string; holdId: string };
  nodes: string[];
  /** Whether they were put back in service instead. */
  undo: boolean;
}

export interface RemovedOrder extends VerifyOrder {
  removed: Removed[];
}

/** Looks whether the outcome is there: a finished movement need not have improved anything. */
export function verifyActivities(context: ActivityContext) {
  const looked = (
    { request, borrowed }: VerifyOrder,
    look: (
      db: Db,
      nodes: ClusterNode[],
      groups: ShardGroup[],
    ) => Promise<{ notes?: string[]; detail: string }>,
  ): Promise<Verified> => {
    const cluster = clusterIn(context, request.cluster);
    return withCoordinator(cluster, session('verify', { statementTimeoutSeconds: 300 }), async (db) => {
      const nodes = await readNodes(db);
      const groups = await readShardGroups(db);
      const { notes = [], detail } = await look(db, nodes, groups);
      return {
        after: balanceOf(groups, nodes),
        notes: [...notes, ...(await settingsAsBefore(db, borrowed))],
        detail,
      };
    });
  };
  return {
    /** New workers are there, and the data lies better than before. @throws NotImproved */
    verifyScaleOut: (order: ScaledOutOrder): Promise<Verified> =>
      looked(order, async (db, nodes, groups) => {
        await presentNodes(db, nodes, order.newWorkers);
        const { unevenness: before } = order;
        if (before === undefined)
          return { detail: `${count(order.newWorkers.length, 'new worker')} registered, active and in sync` };
        return {
          detail: await evened(db, groups, nodes, { ...order, cluster: order.request.cluster, before }),
        };
      }),

    /** The data lies better than before, by the strategy's measure. @throws NotImproved */
    verifyRebalance: (order: EvenOrder): Promise<Verified> =>
      looked(order, async (db, nodes, groups) => {
        const { unevenness: before } = order;
        if (before === undefined) return { detail: count(order.movesTotal, 'move') };
        return {
          detail: await evened(db, groups, nodes, { ...order, cluster: order.request.cluster, before }),
        };
      }),

    /** The nodes hold no shard that can move, and are still registered, active and in sync. */
    verifyDrain: async (order: DrainedOrder): Promise<Verified> => {
      // The custodian of an operation that lost the hold has marked the nodes as they were.
      await assertHeld(context.client, order.request.holdId);
      return looked(order, async (db, nodes) => {
        const found = await presentNodes(db, nodes, order.nodes);
        const odd = found.find(({ shouldHaveShards }) => shouldHaveShards !== order.undo);
        if (odd)
          throw undone(`shouldhaveshards of ${odd.node} is ${odd.shouldHaveShards}: somebody changed it`);
        const named = found.map(({ node }) => node).join(', ');
        if (order.undo) return { detail: `back in service: ${named}` };
        for (const { node, groupId } of found) {
          const shards = await countShards(db, groupId);
          if (shards > 0)
            throw undone(`${node} holds ${count(shards, 'shard')} again: somebody put them there`);
        }
        return { detail: `no shard left on ${named}, still registered` };
      });
    },

    /** Nothing of the removed nodes is left in the cluster. */
    verifyRemoval: (order: RemovedOrder): Promise<Verified> =>
      looked(order, async (db, nodes) => {
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
