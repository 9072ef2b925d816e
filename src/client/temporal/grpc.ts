import type { ConnectionLike } from '@temporalio/client';
import { isGrpcServiceError, NamespaceNotFoundError } from '@temporalio/client';
import { ConnectionConfigError, UnreachableError } from '../errors.js';

/** gRPC status codes that mean "nobody is there" rather than "you asked for nonsense". */
const code = {
  cancelled: 1,
  deadlineExceeded: 4,
  notFound: 5,
  permissionDenied: 7,
  unavailable: 14,
  unauthenticated: 16,
};

/** Unknown, resource exhausted, aborted, unimplemented, internal: a proxy, a broken server, another service. */
const notTemporal = new Set([2, 8, 10, 12, 13]);

/** How long one request to Temporal may take before it counts as unreachable. */
export const requestTimeoutMs = 8_000;

/** The Temporal that a client is connected to, for messages. */
export interface Target {
  address: string;
  namespace: string;
}

function grpcCode(error: unknown): number | undefined {
  if (isGrpcServiceError(error)) return error.code;
  if (error instanceof Error && error.cause !== undefined) return grpcCode(error.cause);
  return undefined;
}

function innermost(error: unknown): string {
  if (error instanceof Error && error.cause !== undefined) return innermost(error.cause);
  return error instanceof Error ? error.message : String(error);
}

/** Something that was asked for isn't there; of a namespace that isn't there, see {@link explain}. */
export function isNotFound(error: unknown): boolean {
  return !(error instanceof ConnectionConfigError) && grpcCode(error) === code.notFound;
}

/**
 * Whether a request ran into its deadline. A server that notices it before the client does resets the stream, which the
 * client reports as cancelled (measured: one of fifty on a busy machine); nothing here cancels a request.
 */
export function isDeadline(error: unknown): boolean {
  const grpc = grpcCode(error);
  return grpc === code.deadlineExceeded || grpc === code.cancelled;
}

/** Turns Temporal being away, or not letting us in, into a sentence; any other error is given back as it is. */
export function explain(error: unknown, target: Target): unknown {
  const grpc = grpcCode(error);
  const evidence = [innermost(error)];
  if (grpc === code.unavailable || isDeadline(error)) {
    return unreachable(target, evidence, error);
  }
  if (grpc === code.unauthenticated || grpc === code.permissionDenied) {
    const message = `Temporal at ${target.address} refused access to namespace ${target.namespace}.`;
    const remedies = [
      'Check the key or certificate of the Temporal profile (TEMPORAL_API_KEY, TEMPORAL_TLS_*).',
    ];
    return new UnreachableError('temporal', message, { evidence, remedies }, error, 'never');
  }
  if (grpc !== undefined && notTemporal.has(grpc)) {
    const message = `What answers at ${target.address} can't be used as Temporal.`;
    const remedies = ['Check the address (--address, --profile, TEMPORAL_ADDRESS, temporal.toml) and TLS.'];
    return new UnreachableError('temporal', message, { evidence, remedies }, error);
  }
  return isNoNamespace(error) ? noNamespace(target, error) : error;
}

/** The SDK knows it of calls about workflows; of others only Temporal's own sentence tells. */
function isNoNamespace(error: unknown): boolean {
  if (error instanceof NamespaceNotFoundError) return true;
  return isNotFound(error) && /\bnamespace \S+ is not found/i.test(innermost(error));
}

/** The error of a namespace that isn't there. */
export function noNamespace({ address, namespace }: Target, cause?: unknown): ConnectionConfigError {
  return new ConnectionConfigError(
    `Temporal at ${address} has no namespace ${namespace} (--namespace, TEMPORAL_NAMESPACE).`,
    cause,
  );
}

/** The error of a Temporal that doesn't answer. */
export function unreachable(target: Target, evidence: string[], cause?: unknown): UnreachableError {
  return new UnreachableError(
    'temporal',
    `Temporal doesn't answer at ${target.address}.`,
    {
      evidence,
      remedies: [
        'Is the Temporal server running there? Another address: --address, --profile, TEMPORAL_ADDRESS or temporal.toml.',
      ],
    },
    cause,
  );
}

/** Runs requests with a deadline, so that a server that is away is noticed. */
export async function within<T>(
  connection: ConnectionLike,
  target: Target,
  run: () => Promise<T>,
  timeoutMs = requestTimeoutMs,
): Promise<T> {
  try {
    return await connection.withDeadline(Date.now() + timeoutMs, run);
  } catch (error) {
    throw explain(error, target);
  }
}
