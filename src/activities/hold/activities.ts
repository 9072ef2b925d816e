import { noRecovery, readOwned, soonTold } from '../../citus/hold/own-settings.js';
import { recoverTransactions } from '../../citus/leftovers/removal.js';
import { readNodes } from '../../citus/nodes/nodes.js';
import { deedName } from '../../citus/session/application-name.js';
import { withCoordinator, withNode } from '../../citus/session/connect.js';
import type { Check } from '../../contract/index.js';
import type { HoldEntry } from '../../contract/internal/undo.js';
import type { OperationRequest } from '../../contract/internal/request.js';
import { passing, refused } from '../../failures.js';
import { cloneChecks } from '../preflight/cluster/replacing.js';
import { applyAcceptance } from '../preflight/severity.js';
import { patienceSeconds, waitedSeconds } from '../preflight/unreachable.js';
import { assertHeld } from '../lock/assert-held.js';
import {
  changeSession,
  clusterIn,
  ownSignal,
  ownWorkflowId,
  readSession,
  type ActivityContext,
} from '../runtime/context.js';
import { tellWaiting } from '../runtime/tell-waiting.js';
import { holdTraffic, type HoldOrder, type HoldResult } from './hold-traffic.js';

/** The activities of {@link holdActivities}, as workflows call them. */
export type HoldActivities = ReturnType<typeof holdActivities>;

/** Activities that hold the traffic of a cluster. The undo ledger's activity ends a hold. */
export function holdActivities(context: ActivityContext) {
  return {
    /** Reads, under the lock, which servers are to be held while a node goes over to its clone. Changes nothing. */
    planHold: async ({
      cluster,
      lockId,
      node,
      clone,
    }: {
      cluster: string;
      lockId: string;
      node: string;
      clone: string;
    }): Promise<HoldEntry> => {
      await assertHeld(context.client, lockId);
      const nodes = await withCoordinator(clusterIn(context, cluster), readSession('hold'), readNodes);
      const row = nodes.find(
        (each) => each.role === 'worker' && each.node.toLowerCase() === node.toLowerCase(),
      );
      if (!row)
        throw refused('PlanChanged', `${node} is no worker any more`, {
          cluster,
          evidence: [`pg_dist_node has no worker ${node}`],
          remedies: ['look who took it out'],
        });
      const others = nodes.filter(
        ({ role, active, hasMetadata, nodeId }) =>
          role === 'worker' && active && hasMetadata && nodeId !== row.nodeId,
      );
      // Citus's own recovery comes once a minute; what is prepared for a moment longer is waited for in the hold.
      await withCoordinator(clusterIn(context, cluster), changeSession('hold'), (db) =>
        recoverTransactions(db, { node: 'the coordinator', groupId: 0 }),
      );
      const before = {
        recovery: await withNode(clusterIn(context, cluster), clone, readSession('hold'), (db) =>
          readOwned(db, noRecovery),
        ),
        syncRetry: await withCoordinator(clusterIn(context, cluster), readSession('hold'), (db) =>
          readOwned(db, soonTold),
        ),
      };
      return {
        id: `hold ${row.node}`,
        kind: 'hold',
        node: row.node,
        nodeId: row.nodeId,
        clone,
        before,
        session: deedName(ownWorkflowId(), 'hold'),
        servers: [...others.map((each) => each.node), row.node, clone],
      };
    },

    /** Whether a machine that was started is a streaming standby of the worker by now. Waits until it is. */
    checkClone: async ({
      request,
      node,
      clone,
    }: {
      request: OperationRequest<'replaceWorker'>;
      node: string;
      clone: string;
    }): Promise<Check[]> => {
      const cluster = clusterIn(context, request.cluster);
      const checks = await withCoordinator(cluster, readSession('preflight'), async (db) =>
        cloneChecks(cluster, await readNodes(db), { node, clone }),
      );
      const failure = checks.find(({ ok }) => !ok);
      // It runs, says whoever started it: its first WAL may be on its way.
      if (failure && waitedSeconds() < patienceSeconds) throw passing(failure.evidence);
      return applyAcceptance(checks, request.input.acceptChecks ?? []);
    },

    /**
     * Holds all traffic and has a node group live at its clone from then on, or finds that done. The old server is fenced
     * then. @throws PlanChanged when the clone was promoted in vain: the old server stays in service
     */
    holdTraffic: (order: HoldOrder): Promise<HoldResult> => {
      const cluster = clusterIn(context, order.cluster);
      // Not the signal of the activity alone: what a look at the server ends must not be cut off by a cancel.
      return tellWaiting(context, cluster, [], () =>
        holdTraffic(cluster, order, {
          mayAct: () => assertHeld(context.client, order.lockId),
          stop: ownSignal(),
          look: readSession('hold', { statementTimeoutSeconds: 30 }),
        }),
      );
    },
  };
}
