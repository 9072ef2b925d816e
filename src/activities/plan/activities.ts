import { withCoordinator, type Db } from '../../citus/session/connect.js';
import { readNodes } from '../../citus/nodes/nodes.js';
import type { PlanWishes } from '../../citus/tables/rebalance-plan.js';
import { readRegistration } from '../../citus/nodes/registration.js';
import { readShardGroups } from '../../citus/tables/shard-groups.js';
import type { ClusterConfig } from '../../config/index.js';
import type { AnyRequest, OperationRequest } from '../../contract/internal/request.js';
import { startAgain } from '../../contract/internal/start-again.js';
import { refused } from '../../failures.js';
import type { PackedMoves } from '../../planning/planned-moves.js';
import { clusterIn, session, type ActivityContext } from '../runtime/context.js';
import { fateOf } from '../machines/fate.js';
import type { Draft } from './draft.js';
import { drainPlan, drainWishes, type DrainPlan } from './drain.js';
import { oneRound, pack, planMoves } from './group-moves.js';
import { rebalancePlan, rebalanceWishes } from './rebalance.js';
import { scaleOutPlan, type ScaleOutPlan } from './scale-out.js';

export type { Draft } from './draft.js';
export type PlanActivities = ReturnType<typeof planActivities>;

export function planActivities(context: ActivityContext) {
  const planned = <T>(
    { cluster: name }: OperationRequest,
    plan: (db: Db, cluster: ClusterConfig) => Promise<T>,
  ): Promise<T> => {
    const cluster = clusterIn(context, name);
    return withCoordinator(cluster, session('plan', { statementTimeoutSeconds: 300 }), (db) =>
      plan(db, cluster),
    );
  };
  return {
    /** Which workers come, and which shard groups move to them, by Citus's own planner. Changes nothing. */
    planScaleOut: ({ request }: { request: OperationRequest<'scaleOut'> }): Promise<ScaleOutPlan> =>
      planned(request, (db, cluster) => scaleOutPlan(db, cluster, request)),

    /** What evens the data out, by Citus's own planner. Changes nothing. @throws InvalidInput for an unknown strategy */
    planRebalance: ({ request }: { request: OperationRequest<'rebalance'> }): Promise<Draft> =>
      planned(request, (db, cluster) => rebalancePlan(db, cluster, request)),

    /** Where the shards of the nodes that leave go, by Citus's own planner. Changes nothing. */
    planDrain: ({
      request,
    }: {
      request: OperationRequest<'drainWorker'> | OperationRequest<'removeWorker'>;
    }): Promise<DrainPlan> =>
      planned(request, (db, cluster) =>
        drainPlan(db, cluster, request, (node) => fateOf(context.config, cluster, node)),
      ),

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
      throw refused(
        'PlanChanged',
        `the plan is not possible any more: ${gone.join(', ')} left the cluster since`,
        {
          cluster: request.cluster,
          evidence: gone.map((node) => `${node} is not an active node`),
          remedies: [startAgain(request, 'start again for a new plan')],
        },
      );
    },

    /** What is still to move when the approved moves are done: a round, and how many moves there are in all. */
    planRemainder: ({
      request,
    }: {
      request: AnyRequest;
    }): Promise<{ packed: PackedMoves; movesTotal: number; left: number }> =>
      planned(request, async (db) => {
        const moves = await planMoves(db, await readShardGroups(db), await wishesOf(db, request));
        const round = oneRound(moves);
        return { packed: pack(round), movesTotal: round.length, left: moves.length };
      }),
  };
}

async function wishesOf(db: Db, request: AnyRequest): Promise<PlanWishes> {
  switch (request.type) {
    case 'scaleOut':
    // It moves nothing.
    case 'cleanUp':
      return {};
    case 'rebalance':
      return rebalanceWishes(request);
    case 'drainWorker':
    case 'removeWorker':
      return drainWishes(await readNodes(db), request);
  }
}
