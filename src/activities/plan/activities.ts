import { withCoordinator, type Db } from '../../citus/session/connect.js';
import { findNode, readNodes } from '../../citus/nodes/nodes.js';
import type { ClusterConfig } from '../../config/index.js';
import type { OperationRequest } from '../../contract/internal/request.js';
import { startAgain } from '../../contract/internal/start-again.js';
import { refused } from '../../failures.js';
import { clusterIn, readSession, type ActivityContext } from '../runtime/context.js';
import { fateOf } from '../machines/fate.js';
import type { Draft } from './draft.js';
import { drainPlan, type DrainPlan } from './drain.js';
import { isolationPlan } from './isolation.js';
import { rebalancePlan } from './rebalance.js';
import { planRest, type Remainder, type RemainderOrder } from './remainder.js';
import { replacementPlan, type ReplacementPlan } from './replacement.js';
import { splitPlan } from './split.js';
import { scaleOutPlan, type ScaleOutPlan } from './scale-out.js';

export type { Draft } from './draft.js';
export type { ReplacementPlan } from './replacement.js';
export type { ScaleOutPlan } from './scale-out.js';
/** The activities of {@link planActivities}, as workflows call them. */
export type PlanActivities = ReturnType<typeof planActivities>;

/** The activities that plan. None of them changes anything. */
export function planActivities(context: ActivityContext) {
  const inPlanSession = <T>(
    { cluster: name }: OperationRequest,
    plan: (db: Db, cluster: ClusterConfig) => Promise<T>,
  ): Promise<T> => {
    const cluster = clusterIn(context, name);
    return withCoordinator(cluster, readSession('plan', { statementTimeoutSeconds: 300 }), (db) =>
      plan(db, cluster),
    );
  };
  return {
    /** Plans which workers come, and which shard groups move to them, by Citus's own planner. Changes nothing. */
    planScaleOut: ({
      request,
      waits = false,
    }: {
      request: OperationRequest<'scaleOut'>;
      waits?: boolean;
    }): Promise<ScaleOutPlan> =>
      inPlanSession(request, (db, cluster) =>
        request.input.method === 'clone'
          ? splitPlan(db, cluster, request)
          : scaleOutPlan(db, cluster, request, waits),
      ),

    /** Plans the moves that even the data out, by Citus's own planner. Changes nothing. @throws InvalidInput for an unknown strategy */
    planRebalance: ({ request }: { request: OperationRequest<'rebalance'> }): Promise<Draft> =>
      inPlanSession(request, (db, cluster) => rebalancePlan(db, cluster, request)),

    /** Plans where the shards of the nodes that leave go, by Citus's own planner. Changes nothing. */
    planDrain: ({
      request,
    }: {
      request: OperationRequest<'drainWorker'> | OperationRequest<'removeWorker'>;
    }): Promise<DrainPlan> =>
      inPlanSession(request, (db, cluster) =>
        drainPlan(db, cluster, request, (node) => fateOf(context.config, cluster, node)),
      ),

    /** Plans which server takes the place of a worker, and what moves. Changes nothing. */
    planReplacement: ({
      request,
    }: {
      request: OperationRequest<'replaceWorker'>;
    }): Promise<ReplacementPlan> =>
      inPlanSession(request, (db, cluster) =>
        replacementPlan(db, cluster, request, (node) => fateOf(context.config, cluster, node)),
      ),

    /** Plans which worker is to be isolated, or gets the metadata again. Changes nothing. */
    planIsolation: ({ request }: { request: OperationRequest<'isolateWorker'> }): Promise<Draft> =>
      inPlanSession(request, (db, cluster) => isolationPlan(db, cluster, request)),

    /** Refuses when one of the nodes that the approved plan counts on has left meanwhile. @throws PlanChanged */
    confirmPlan: async ({
      request,
      nodes,
      nodeIds = [],
    }: {
      request: OperationRequest;
      nodes: string[];
      nodeIds?: number[];
    }): Promise<void> => {
      const missing = await withCoordinator(
        clusterIn(context, request.cluster),
        readSession('confirm plan'),
        async (db) => {
          const active = (await readNodes(db)).filter((node) => node.active);
          return nodes.filter((node, index) => !findNode(active, { node, nodeId: nodeIds[index] }));
        },
      );
      if (missing.length === 0) return;
      throw refused(
        'PlanChanged',
        `the plan is not possible any more: ${missing.join(', ')} left the cluster since`,
        {
          cluster: request.cluster,
          evidence: missing.map((node) => `${node} is not an active node`),
          remedies: [startAgain(request, 'start again for a new plan')],
        },
      );
    },

    /** Plans what is still to move when a round is made, and tells what of it is approved. Changes nothing. */
    planRemainder: (order: RemainderOrder): Promise<Remainder> =>
      inPlanSession(order.request, (db, cluster) => planRest(db, cluster, order)),
  };
}
