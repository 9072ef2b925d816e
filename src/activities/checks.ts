import { ApplicationFailure } from '@temporalio/common';
import type { Balance, Check } from '../contract/index.js';
import type { OperationRequest } from '../contract/request.js';
import { isPassingError } from './classify.js';
import { activityInfo } from '@temporalio/activity';
import { clusterIn, type ActivityContext } from './context.js';
import { checkNewNodes, checkTargets, runPreflight, type Incoming } from './preflight.js';

export type CheckActivities = ReturnType<typeof checkActivities>;

/** Seconds for which a coordinator that doesn't answer may be on its way back, before an operation is refused. */
const patienceSeconds = 60;

export function checkActivities(context: ActivityContext) {
  return {
    /** All checks of the cluster for this operation, worst first. */
    preflight: async ({
      request,
      operationId,
    }: {
      request: OperationRequest;
      operationId: string;
    }): Promise<{ checks: Check[]; before?: Balance }> => {
      try {
        return await runPreflight(clusterIn(context, request.cluster), { ...request, operationId });
      } catch (error) {
        if (error instanceof ApplicationFailure) throw error;
        const { scheduledTimestampMs } = activityInfo();
        const waited = (Date.now() - scheduledTimestampMs) / 1_000;
        const patience = request.input.dryRun === true ? 5 : patienceSeconds;
        if (isPassingError(error) && waited < patience) throw error;
        // Nothing has begun: an honest no is worth more than an operation that waits to begin.
        return { checks: [unreachable(error)] };
      }
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
      return [
        ...(await checkNewNodes(cluster, request, nodes)),
        ...(await checkTargets(cluster, request, incoming)),
      ];
    },
  };
}

function unreachable(error: unknown): Check {
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : '';
  return {
    id: 'coordinator-reachable',
    severity: 'blocker',
    ok: false,
    evidence: `${message}${code}`,
    remedy:
      'check host, port, database, user and password of the coordinator in the config, and that it runs',
  };
}
