import { setMaxListeners } from 'node:events';
import type { Client } from '@temporalio/client';
import { activityInfo, cancellationSignal, type Context } from '@temporalio/activity';
import type { SearchAttributeName } from '../../contract/index.js';
import type { ClusterConfig, Config } from '../../config/index.js';
import { clusterOf } from '../../config/index.js';
import { operationPrefix } from '../../citus/session/application-name.js';
import type { ConnectOptions } from '../../citus/session/connect.js';
import type { StallTimes } from '../moving/stalls/watch.js';

/** What the worker gives its activities. */
export interface ActivityContext {
  config: Config;
  client: Client;
  namespace: string;
  /** Search attributes of ours that the namespace knows. */
  searchAttributes: SearchAttributeName[];
  /** Default: {@link usualStallTimes}. */
  stallTimes?: StallTimes;
}

export function clusterIn(context: ActivityContext, name: string): ClusterConfig {
  return clusterOf(context.config, name);
}

/** The workflow that the running activity works for; a custodian works for its operation. */
export function ownWorkflowId(): string {
  return activityInfo().workflowExecution?.workflowId ?? '';
}

/** Options for a session of the running activity, which ends when the activity is cancelled; `what` ends its `application_name`. */
export function session(what: string, options: Partial<ConnectOptions> = {}): ConnectOptions {
  const signal = cancellationSignal();
  // Many nodes are asked at once, and each session listens to the one signal of the activity.
  setMaxListeners(0, signal);
  return {
    applicationName: `${operationPrefix(ownWorkflowId())}${what}`,
    signal,
    ...options,
  };
}

/**
 * What a stop means for a long statement. Only a cancel of the operation ends it: a worker that shuts down, an attempt
 * that timed out because Temporal was away, a pause or reset of the activity leave it to the next attempt, which adopts it.
 */
export function stopManner({ cancellationDetails }: Context): 'cancel' | 'leave' {
  return cancellationDetails?.cancelRequested === true ? 'cancel' : 'leave';
}
