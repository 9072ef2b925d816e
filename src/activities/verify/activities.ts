import { withCoordinator, type Db } from '../../citus/session/connect.js';
import { readNodes, type ClusterNode } from '../../citus/nodes/nodes.js';
import { countShards } from '../../citus/nodes/registration.js';
import { readShardGroups, type ShardGroup } from '../../citus/tables/shard-groups.js';
import { balanceOf } from '../../planning/balance.js';
import type { Sources } from '../../planning/sources.js';
import { count } from '../../text/figures.js';
import { clusterIn, readSession, type ActivityContext } from '../runtime/context.js';
import { assertHeld } from '../lock/assert-held.js';
import { isolationOutcome, type VerifyIsolationOrder } from './isolation.js';
import { assertImproved } from './assert-improved.js';
import { replacementOutcome, splitOutcome, type VerifyReplacementOrder } from './replacement.js';
import { tracesOf, type RemovedNode } from './removal-traces.js';
import { presentNodes } from './present-nodes.js';
import { outcomeUndone, type Verification } from './verification.js';

/** The activities of {@link verifyActivities}, as workflows call them. */
export type VerifyActivities = ReturnType<typeof verifyActivities>;

/** The order to verify an operation on this cluster. */
export interface VerifyOrder {
  request: { cluster: string };
}

/** The order to verify that the data lies better than before. */
export interface SpreadOrder extends VerifyOrder {
  movesTotal: number;
  strategy?: string | undefined;
  /** Where the shards of all moves lay before; absent when the outcome isn't judged by how even it is. */
  sources?: Sources | undefined;
}

/** The order to verify a scale-out. */
export interface VerifyScaleOutOrder extends SpreadOrder {
  newWorkers: string[];
  /** `nodeid` of each, where it was known before they were filled. */
  nodeIds?: number[];
}

/** The order to verify a drain. */
export interface VerifyDrainOrder extends VerifyOrder {
  request: { cluster: string; lockId: string };
  nodes: string[];
  /** `nodeid` of each: after a failover a node has another address. */
  nodeIds?: number[];
  /** Whether they were put back in service instead. */
  undo: boolean;
}

/** The order to verify that removed nodes are gone. */
export interface VerifyRemovalOrder extends VerifyOrder {
  removed: RemovedNode[];
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
  ): Promise<Verification> => {
    const cluster = clusterIn(context, request.cluster);
    return withCoordinator(cluster, readSession('verify', { statementTimeoutSeconds: 300 }), async (db) => {
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
    verifyScaleOut: (order: VerifyScaleOutOrder): Promise<Verification> =>
      inSnapshot(order, async (db, nodes, groups) => {
        await presentNodes(db, nodes, order.newWorkers, order.nodeIds);
        const { request, sources } = order;
        if (sources === undefined || Object.keys(sources).length === 0)
          return { detail: `${count(order.newWorkers.length, 'new worker')} registered, active and in sync` };
        return { detail: await assertImproved(db, groups, nodes, { cluster: request.cluster, sources }) };
      }),

    /** Looks whether the data lies better than without the moves, by the strategy's measure. @throws NotImproved */
    verifyRebalance: (order: SpreadOrder): Promise<Verification> =>
      inSnapshot(order, async (db, nodes, groups) => {
        const { request, strategy, sources } = order;
        if (sources === undefined) return { detail: count(order.movesTotal, 'move') };
        return {
          detail: await assertImproved(db, groups, nodes, { cluster: request.cluster, strategy, sources }),
        };
      }),

    /** The nodes hold no shard that can move, and are still registered, active and in sync. */
    verifyDrain: async (order: VerifyDrainOrder): Promise<Verification> => {
      // The lock keeper of an operation that lost the lock has marked the nodes as they were.
      await assertHeld(context.client, order.request.lockId);
      return inSnapshot(order, async (db, nodes) => {
        const rows = await presentNodes(db, nodes, order.nodes, order.nodeIds);
        const wrong = rows.find(({ shouldHaveShards }) => shouldHaveShards !== order.undo);
        if (wrong)
          throw outcomeUndone(
            `shouldhaveshards of ${wrong.node} is ${wrong.shouldHaveShards}: somebody changed it`,
          );
        const names = rows.map(({ node }) => node).join(', ');
        if (order.undo) return { detail: `back in service: ${names}` };
        for (const { node, groupId } of rows) {
          const shards = await countShards(db, groupId);
          if (shards > 0)
            throw outcomeUndone(`${node} holds ${count(shards, 'shard')} again: somebody put them there`);
        }
        return { detail: `no shard left on ${names}, still registered` };
      });
    },

    /** The worker has no metadata, or has it again, and the others are in sync. */
    verifyIsolation: async (order: VerifyIsolationOrder): Promise<Verification> => {
      await assertHeld(context.client, order.request.lockId);
      const cluster = clusterIn(context, order.request.cluster);
      return withCoordinator(cluster, readSession('verify', { statementTimeoutSeconds: 60 }), (db) =>
        isolationOutcome(db, order),
      );
    },

    /** A standby has taken a worker's place, or a part of its shards, and every node knows it. */
    verifyReplacement: async (order: VerifyReplacementOrder): Promise<Verification> => {
      await assertHeld(context.client, order.request.lockId);
      const cluster = clusterIn(context, order.request.cluster);
      return withCoordinator(cluster, readSession('verify', { statementTimeoutSeconds: 60 }), (db) =>
        (order.splits ? splitOutcome : replacementOutcome)(db, order),
      );
    },

    /** Nothing of the removed nodes is left in the cluster. */
    verifyRemoval: (order: VerifyRemovalOrder): Promise<Verification> =>
      inSnapshot(order, async (db, nodes) => {
        const traces: string[] = [];
        for (const each of order.removed) traces.push(...(await tracesOf(db, nodes, each)));
        const names = order.removed.map(({ node }) => node).join(', ');
        const primaries = nodes.filter(({ role }) => role !== 'secondary').length;
        const summary =
          traces.length === 0
            ? `no trace of ${names}`
            : `${names} left ${count(traces.length, 'trace')} (see the notes)`;
        return { notes: traces, detail: `${summary}; ${count(primaries, 'node')} in sync` };
      }),
  };
}
