import { ApplicationFailure } from '@temporalio/common';
import { withCoordinator } from '../citus/connect.js';
import { readMeasure } from '../citus/measure.js';
import { readNodes } from '../citus/nodes.js';
import { readRegistration } from '../citus/registration.js';
import { readShardGroups, type ShardGroup } from '../citus/shard-groups.js';
import type { Check, Plan } from '../contract/index.js';
import type { OperationRequest } from '../contract/request.js';
import { balanceOf } from '../planning/balance.js';
import { estimateSeconds } from '../planning/estimate.js';
import { unevenness } from '../planning/improvement.js';
import { packBalances, type PackedBalances } from '../planning/packed-balances.js';
import type { PackedMoves } from '../planning/planned-moves.js';
import { clusterIn, session, type ActivityContext } from './context.js';
import { applyMoves, hashOf, incomingOf, oneRound, pack, planMoves, shown } from './plan/group-moves.js';
import { pretendedAddress } from './plan/placeholders.js';
import { plannedNode, workersToAdd, type WorkersToAdd } from './plan/workers-to-add.js';
import { checkTargets, type Incoming } from './preflight.js';

export type PlanActivities = ReturnType<typeof planActivities>;

export interface ScaleOutPlan {
  plan: Omit<Plan, 'before' | 'after'>;
  balances: PackedBalances;
  packed: PackedMoves;
  toStart: WorkersToAdd['toStart'];
  checks: Check[];
  notes: string[];
  /** What each node will receive, for the disk check of machines that don't exist yet. */
  incoming: Incoming[];
  whyNoMoves?: string;
  /** By the strategy's measure, with the new workers counted as empty; absent when nothing moves. */
  unevenness?: number;
}

export function planActivities(context: ActivityContext) {
  return {
    /** Which workers come, and which shard groups move to them, by Citus's own planner. Changes nothing. */
    planScaleOut: ({ request }: { request: OperationRequest<'scaleOut'> }): Promise<ScaleOutPlan> => {
      const cluster = clusterIn(context, request.cluster);
      return withCoordinator(cluster, session('plan', { statementTimeoutSeconds: 300 }), async (db) => {
        const nodes = await readNodes(db);
        const { newWorkers, toStart } = workersToAdd(request, nodes);
        const groups = await readShardGroups(db);
        const pretended = newWorkers.map((node) => pretendedAddress(node));
        const all = [...nodes, ...newWorkers.flatMap((node, index) => plannedNode(nodes, node, index))];
        const moves = request.input.rebalance === false ? [] : await planMoves(db, groups, pretended);
        const kept = oneRound(moves);
        const after = applyMoves(groups, kept, all);
        const plan: ScaleOutPlan['plan'] = {
          hash: hashOf(kept, newWorkers),
          moves: shown(kept),
          movesTotal: kept.length,
          bytes: kept.reduce((sum, { bytes }) => sum + bytes, 0),
          newWorkers,
          removedWorkers: [],
          ...(kept.length > 0 ? { estimateSeconds: estimateSeconds(kept, request.parallelMoves) } : {}),
        };
        const incoming = incomingOf(kept);
        const eligible = all.filter(({ shouldHaveShards }) => shouldHaveShards).map(({ groupId }) => groupId);
        return {
          plan,
          balances: packBalances(balanceOf(groups, nodes), balanceOf(after, all)),
          packed: pack(kept),
          toStart,
          incoming,
          checks: await checkTargets(
            cluster,
            request,
            incoming.filter(({ node }) => !newWorkers.includes(node) || toStart.length === 0),
          ),
          notes:
            moves.length > kept.length
              ? [`the first ${kept.length} of ${moves.length} moves; the rest is planned after them`]
              : [],
          ...(kept.length > 0
            ? { unevenness: unevenness(groups, eligible, await readMeasure(db)) }
            : { whyNoMoves: whyNoMoves(request, groups) }),
        };
      });
    },

    /** Refuses when a worker that the approved plan counts on is gone meanwhile. @throws PlanChanged */
    confirmPlan: async ({
      request,
      plan,
      newWorkers,
    }: {
      request: OperationRequest;
      plan: PackedMoves;
      newWorkers: string[];
    }): Promise<void> => {
      const gone = await withCoordinator(
        clusterIn(context, request.cluster),
        session('confirm plan'),
        async (db) => {
          const missing: string[] = [];
          for (const node of plan.nodes) {
            if (!newWorkers.includes(node) && !(await readRegistration(db, node))?.active) missing.push(node);
          }
          return missing;
        },
      );
      if (gone.length === 0) return;
      throw ApplicationFailure.create({
        type: 'PlanChanged',
        message: `the plan is not possible any more: ${gone.join(', ')} left the cluster since`,
        nonRetryable: true,
        details: [
          {
            cluster: request.cluster,
            evidence: gone.map((node) => `${node} is not an active node`),
            remedies: ['start again for a new plan'],
          },
        ],
      });
    },

    /** What Citus would still move when the approved moves are done. */
    planRemainder: ({
      request,
    }: {
      request: OperationRequest;
    }): Promise<{ packed: PackedMoves; movesTotal: number }> =>
      withCoordinator(
        clusterIn(context, request.cluster),
        session('plan', { statementTimeoutSeconds: 300 }),
        async (db) => {
          const moves = oneRound(await planMoves(db, await readShardGroups(db), []));
          return { packed: pack(moves), movesTotal: moves.length };
        },
      ),
  };
}

function whyNoMoves({ input }: OperationRequest<'scaleOut'>, groups: ShardGroup[]): string {
  if (input.rebalance === false) return 'asked for without rebalancing';
  if (!groups.some(({ movable }) => movable)) return 'there are no shards that can move';
  return 'Citus plans no move: the data is balanced by its default strategy';
}
