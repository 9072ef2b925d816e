import { createHash } from 'node:crypto';

/** What every session of ours begins its `application_name` with. */
export const applicationPrefix = 'citus-scaler:';

/**
 * The `application_name` prefix of an operation's own sessions: `citus-scaler:<12 hex digits>:`. Workflow ids can
 * be longer than PostgreSQL's 63 bytes, so they are hashed.
 */
export function operationPrefix(operationId: string): string {
  return `${applicationPrefix}${tagOf(operationId)}:`;
}

/** Of a session that only looks on, and may hang: whoever stops an operation doesn't wait for it. */
export function lookApplicationName(operationId: string, what: string): string {
  return `${applicationPrefix}look:${tagOf(operationId)}:${what}`;
}

/** By which a retry finds, and adopts, what goes on at the server without its client: a shard's move, or another. */
export function moveApplicationName(operationId: string, what: string): string {
  return `${operationPrefix(operationId)}move:${what}`;
}

function tagOf(operationId: string): string {
  return createHash('sha256').update(operationId).digest('hex').slice(0, 12);
}
