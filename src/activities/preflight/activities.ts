import { activityInfo, cancellationSignal } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { Balance, Check, CheckId } from '../../contract/index.js';
import type { OperationRequest } from '../../contract/internal/request.js';
import { passing } from '../../failures.js';
import { isPassingError } from '../runtime/classify.js';
import { clusterIn, readSession, type ActivityContext } from '../runtime/context.js';
import { isAnyHeld } from '../lock/assert-held.js';
import { readLockId } from '../lock/lock-id.js';
import { failed } from './check.js';
import { checkNewNodes, checkTargets, runPreflight, type Incoming } from './run-preflight.js';

/** The activities of {@link checkActivities}, as workflows call them. */
export type CheckActivities = ReturnType<typeof checkActivities>;

/** Seconds for which a server that doesn't answer may be on its way back, before an operation is refused. */
const patienceSeconds = 60;
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
    }): Promise<{ checks: Check[]; before?: Balance }> => {
      try {
        const cluster = clusterIn(context, request.cluster);
        // Any but a dry run holds the cluster itself.
        const isHeld = async (): Promise<boolean> =>
          request.input.dryRun === true &&
          (await isAnyHeld(context.client, await readLockId(cluster, readSession('lock'))));
        const result = await runPreflight(cluster, { ...request, operationId }, { isHeld });
        throwIfStopped();
        return result;
      } catch (error) {
        throwIfStopped();
        if (error instanceof ApplicationFailure) throw error;
        const patience = request.input.dryRun === true ? 5 : patienceSeconds;
        if (isPassingError(error) && waitedSeconds() < patience) throw error;
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

/** A worker that shuts down, or a cancel, drops connections: what wasn't found out then is no finding. */
function throwIfStopped(): void {
  cancellationSignal().throwIfAborted();
}

function waitedSeconds(): number {
  return (Date.now() - activityInfo().scheduledTimestampMs) / 1_000;
}

function unreachable(error: unknown): Check {
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : '';
  return failed(
    'coordinator-reachable',
    `${message}${code}`,
    'check host, port, database, user and password of the coordinator in the config, and that it runs',
  );
}
