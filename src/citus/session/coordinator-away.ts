import type { ClusterConfig } from '../../config/index.js';

/** Node's words for a server that can't be reached, or not just now. */
export const awayCodes: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'ETIMEDOUT',
  'EPIPE',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'EAI_AGAIN',
]);

/** The coordinator can't be reached: it is down, or the network to it is. It passes when it is back. */
export class CoordinatorAwayError extends Error {
  override readonly name = 'CoordinatorAwayError';
  constructor(
    cluster: string,
    node: string,
    readonly code: string,
    cause: Error,
  ) {
    super(`The coordinator of ${cluster}, ${node}, can't be reached: ${cause.message}`, { cause });
  }
}

/** None of the coordinator's hosts takes writes: a failover is under way, or the config is out of date. */
export class NoWritableCoordinatorError extends Error {
  override readonly name = 'NoWritableCoordinatorError';
  /** `cannot_connect_now`: it passes like a server that starts. */
  readonly code = '57P03';
  constructor(cluster: string, answers: string[]) {
    super(`No host of cluster "${cluster}" is a writable coordinator: ${answers.join('; ')}.`);
  }
}

/** The error of a connection to the only host of a coordinator: that it is away, where it gave no answer at all. */
export function coordinatorError(cluster: ClusterConfig, node: string, error: unknown): unknown {
  // A host with several addresses fails as one error with an empty message.
  const cause: unknown = error instanceof AggregateError ? error.errors[0] : error;
  if (!(cause instanceof Error) || !('code' in cause)) return error;
  const { code } = cause;
  return typeof code === 'string' && awayCodes.has(code)
    ? new CoordinatorAwayError(cluster.name, node, code, cause)
    : error;
}
