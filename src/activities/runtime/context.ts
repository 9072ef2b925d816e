import { setMaxListeners } from 'node:events';
import type { Client } from '@temporalio/client';
import { activityInfo, cancellationSignal, type Context } from '@temporalio/activity';
import type { SearchAttributeName } from '../../contract/index.js';
import type { Limits } from '../../contract/internal/limits.js';
import type { ClusterConfig, Config } from '../../config/index.js';
import { clusterOf } from '../../config/index.js';
import { deedName, lookName, type Deed } from '../../citus/session/application-name.js';
import type { ConnectOptions } from '../../citus/session/connect.js';
import type { StallTimes } from '../moving/stalls/watch.js';

/** The things that the worker gives its activities. */
export interface ActivityContext {
  /** As its file says now: looked up for each activity, never kept. */
  readonly config: Config;
  client: Client;
  namespace: string;
  /** Search attributes of ours that the namespace knows. */
  searchAttributes: SearchAttributeName[];
  /** Default: {@link usualStallTimes}. */
  stallTimes?: StallTimes;
  /** Milliseconds after which what can't be undone is handed over to a person; default {@link usualUndoPatienceMs}. */
  undoPatienceMs?: number;
  /** Other limits of an operation than the usual ones. */
  limits?: Partial<Limits>;
}

/** Milliseconds that the undoing of one entry waits for a node or a host that doesn't answer. */
export const usualUndoPatienceMs = 5 * 60_000;

/** The cluster of this name. @throws UnknownClusterError */
export function clusterIn(context: ActivityContext, name: string): ClusterConfig {
  return clusterOf(context.config, name);
}

/** The workflow that the running activity works for. */
export function ownWorkflowId(): string {
  return activityInfo().workflowExecution?.workflowId ?? '';
}

/**
 * Whether nothing that the running activity is to do may have been done before: its first attempt, and not one that the
 * workflow asked for anew, after `retry` or a lost lock; those end in `.2`, `.3`, …
 */
export function isFirstTry(): boolean {
  const { activityId, attempt } = activityInfo();
  return attempt === 1 && !activityId.includes('.');
}

/**
 * Options for a session with which the running activity changes the cluster. Its connection is dropped when the
 * activity is cancelled, and what it is at goes on at the server: whoever ends the operation finds it by its name.
 */
export function changeSession(deed: Deed, options: Partial<ConnectOptions> = {}): ConnectOptions {
  return { applicationName: deedName(ownWorkflowId(), deed), signal: ownSignal(), ...options };
}

/** Options for a session with which the running activity only looks; `what` ends its `application_name`. */
export function readSession(what: string, options: Partial<ConnectOptions> = {}): ConnectOptions {
  return { applicationName: lookName(ownWorkflowId(), what), signal: ownSignal(), ...options };
}

/** The signal of the running activity. Many nodes are asked at once, and each session listens to it. */
export function ownSignal(): AbortSignal {
  const signal = cancellationSignal();
  setMaxListeners(0, signal);
  return signal;
}

/**
 * Tells a cancel of the operation from all else that ends an attempt. Only the former ends a long statement: a worker
 * that shuts down, an attempt that timed out because Temporal was away, a pause or reset of the activity leave it to
 * the next attempt, which adopts it.
 */
export function isCancelOfOperation({ cancellationDetails }: Context): boolean {
  return cancellationDetails?.cancelRequested === true;
}
