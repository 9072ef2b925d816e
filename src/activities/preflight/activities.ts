import type { Check, CheckId } from '../../contract/index.js';
import type { OperationRequest } from '../../contract/internal/request.js';
import { passing } from '../../failures.js';
import { clusterIn, readSession, type ActivityContext } from '../runtime/context.js';
import { readHolding } from '../lock/assert-held.js';
import { readLockId } from '../lock/lock-id.js';
import {
  checkNewNodes,
  checkTargets,
  runPreflight,
  type Incoming,
  type PreflightResult,
} from './run-preflight.js';
import { patienceSeconds, throwIfStopped, unlessUnreachable, waitedSeconds } from './unreachable.js';

/** The activities of {@link checkActivities}, as workflows call them. */
export type CheckActivities = ReturnType<typeof checkActivities>;

/** The checks that fail when a server can't be reached. */
const reachChecks: readonly CheckId[] = ['new-node-reachable', 'coordinator-reaches-new-node'];

/** The activities that check before something is changed. */
export function checkActivities(context: ActivityContext) {
  return {
    /** All checks of the cluster for this operation, worst first. */
    preflight: async ({
      request,
      operationId,
    }: {
      request: OperationRequest;
      operationId: string;
    }): Promise<PreflightResult> => {
      const patience = request.input.dryRun === true ? 5 : patienceSeconds;
      const result = await unlessUnreachable(patience, () => {
        const cluster = clusterIn(context, request.cluster);
        // Any but a dry run holds the cluster itself.
        const isHeld = async (): Promise<boolean> =>
          request.input.dryRun === true &&
          (await readHolding(context.client, await readLockId(cluster, readSession('lock')))) !== 'nobody';
        return runPreflight(cluster, { ...request, operationId }, { isHeld });
      });
      return 'checks' in result ? result : { checks: [result] };
    },

    /** Checks servers that have just been started, before they are registered. */
    checkNewNodes: async ({
      request,
      nodes,
      incoming,
    }: {
      request: OperationRequest;
      nodes: string[];
      incoming: Incoming[];
    }): Promise<Check[]> => {
      const cluster = clusterIn(context, request.cluster);
      const checks = [
        ...(await checkNewNodes(cluster, request, nodes)),
        ...(await checkTargets(cluster, request, incoming)),
      ];
      throwIfStopped();
      const reachFailure = checks.find(({ id, ok }) => !ok && reachChecks.includes(id));
      // They run, says whoever started them: what is between them and us may be on its way.
      if (reachFailure && waitedSeconds() < patienceSeconds) throw passing(reachFailure.evidence);
      return checks;
    },
  };
}
