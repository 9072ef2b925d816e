import { operationInputs } from '../../contract/schema/inputs.js';
import { plainWords } from '../../contract/schema/plain-words.js';
import { isOperationType, operationFacts, type OperationType } from '../../contract/index.js';
import type { OperationRequest } from '../../contract/internal/request.js';
import { operationPrefix } from '../../citus/session/application-name.js';
import { startAgain } from '../../contract/internal/start-again.js';
import { UnknownClusterError, type ClusterConfig } from '../../config/index.js';
import { unknownCluster } from '../runtime/classify.js';
import { clusterIn, ownWorkflowId, type ActivityContext } from '../runtime/context.js';
import { problemsIn } from '../../contract/schema/problems.js';
import { invalidInput, clusterNameIn } from './input-problems.js';
import { operationPage } from './temporal-pages.js';

/** The activities of {@link requestActivities}, as workflows call them. */
export type RequestActivities = ReturnType<typeof requestActivities>;

/** The first activity of an operation: checks what the Temporal UI can't, and applies the config. Contacts nothing. */
export function requestActivities(context: ActivityContext) {
  return {
    /** @throws InvalidInput, UnknownCluster */
    checkInput: ({ type, input }: { type: OperationType; input: unknown }): Promise<OperationRequest> => {
      if (!isOperationType(type))
        throw invalidInput(clusterNameIn(input), [{ text: `${String(type)} is not an operation` }]);
      const result = operationInputs[type].safeParse(input ?? {}, { error: plainWords });
      if (!result.success) throw invalidInput(clusterNameIn(input), problemsIn(result.error));
      const { data } = result;
      const cluster = knownCluster(context, data.cluster);
      const { movement } = cluster;
      const url = operationPage(context, ownWorkflowId());
      const { urgent = false } = operationFacts(type);
      const request: OperationRequest = {
        type,
        cluster: cluster.name,
        input: data,
        lockId: '',
        sessions: operationPrefix(ownWorkflowId()),
        transferMode: data.transferMode ?? movement.transferMode,
        maxWriteStall: data.maxWriteStall ?? movement.maxWriteStall,
        parallelMoves: data.parallelMoves ?? movement.parallelMoves,
        approval: data.approval ?? cluster.approval ?? 'required',
        ...((data.approval ?? cluster.approval) === 'required' && { approvesMarks: true }),
        ...(cluster.approval === 'auto' && { losesUnasked: true }),
        tune: !urgent && movement.tune,
        searchAttributes: context.searchAttributes,
        keepsReports: context.config.reports !== undefined,
        ...(!urgent && cluster.windows && { hasWindows: true }),
        ...(!urgent && movement.governor && { governed: true }),
        ...(context.limits && { limits: context.limits }),
        ...(url !== undefined && { url }),
      };
      if (cluster.approval === 'required' && data.approval === 'auto') throw approvalLowered(request);
      return Promise.resolve(request);
    },
  };
}

/** A request that does without an approval, though the config requires one: not ignored, for its sender counts on it. */
function approvalLowered(request: OperationRequest): Error {
  const { cluster } = request;
  const text = `may not be "auto" for this cluster: the worker's config requires an approval (clusters.${cluster}.approval: required)`;
  return invalidInput(cluster, [{ field: 'approval', text }], {
    remedies: [
      startAgain(request, 'start it without that, and approve the plan when it is shown', {
        approval: undefined,
      }),
      `or change clusters.${cluster}.approval in the worker's config, which takes it up within seconds`,
    ],
  });
}

/** @throws UnknownCluster: nothing has begun, so nothing waits for another config */
function knownCluster(context: ActivityContext, name: string): ClusterConfig {
  try {
    return clusterIn(context, name);
  } catch (error) {
    throw error instanceof UnknownClusterError ? unknownCluster(error) : error;
  }
}
