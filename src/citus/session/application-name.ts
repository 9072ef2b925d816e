import { createHash } from 'node:crypto';

/** The beginning of the `application_name` of every session of ours. */
export const applicationPrefix = 'citus-scaler:';

/** The deed of a session that changes the cluster; the end of its `application_name`. */
export type Deed =
  | 'register'
  | 'await leave'
  | 'deregister'
  | 'mark'
  | 'sync'
  | 'promote'
  | 'take place'
  | 'settings'
  | 'clean up'
  | 'salvage'
  | 'hold'
  | `move:${string}`;

/**
 * The `application_name` prefix of the sessions with which an operation, or a lock keeper, changes the cluster:
 * `citus-scaler:<12 hex digits>:`. Workflow ids can be longer than PostgreSQL's 63 bytes, so they are hashed.
 */
export function operationPrefix(workflowId: string): string {
  return `${applicationPrefix}${tagOf(workflowId)}:`;
}

/** The `application_name` of a session that changes the cluster: a retry finds by it what goes on without its client. */
export function deedName(workflowId: string, deed: Deed): string {
  return `${operationPrefix(workflowId)}${deed}`;
}

/** The `application_name` of a session that only looks, and may hang: whoever ends an operation doesn't wait for it. */
export function lookName(workflowId: string, what: string): string {
  return `${applicationPrefix}look:${tagOf(workflowId)}:${what}`;
}

/** The `application_name` of a shard's move, or of the copy of reference tables. */
export function moveName(workflowId: string, what: string): string {
  return deedName(workflowId, `move:${what}`);
}

/**
 * Whether a session may be preparing a distributed transaction all the time: metadata of nodes is changed on all of
 * them at once. Ending it in ROLLBACK PREPARED can hang with a lock on `pg_dist_node` (docs/citus.md), so it is waited for.
 */
export function preparesThroughout(applicationName: string): boolean {
  return /:(register|deregister|mark|sync)$/.test(applicationName);
}

function tagOf(workflowId: string): string {
  return createHash('sha256').update(workflowId).digest('hex').slice(0, 12);
}
