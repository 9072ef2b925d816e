import { isGrpcServiceError, ServiceError } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { TlsRefusedError } from '../../citus/session/connect.js';
import { ConfigError, SecretMissingError, UnknownClusterError } from '../../config/index.js';
import { does, type Advice, type Remedy } from '../../contract/index.js';
import { needsPerson, needsPersonType, passing, refused, withEvidence } from '../../failures.js';
import { redact } from '../../text/redact.js';

/**
 * SQLSTATEs that pass by themselves: a server that starts or stops (57P01–57P03), too many connections (53300) or
 * slots and senders (53400), serialisation (40001), deadlock (40P01), lock time-out (55P03), an object in use
 * (55006), connection trouble (08…), a statement that took too long while a node hung (57014).
 */
const passingStates = /^(57P0[123]|53300|53400|40001|40P01|55P03|55006|57014|08.{3})$/;

const passingCodes = new Set([
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

/**
 * The texts of Citus, with SQLSTATE XX000 or another unspecific one, for things that pass: a node that is gone for
 * now, metadata that is being synced, a move of the same shard that still holds its lock, the leftover of a crashed
 * move that the next call after some seconds removes. Measured, docs/citus.md. Of a node that dies in the middle of a
 * move, Citus says one of many things: which one depends on what it was about to do with that node.
 */
const passingTexts = [
  /failure on connection marked as essential/,
  /server closed the connection unexpectedly/,
  /connection to the remote node .* failed/,
  /could not connect to/i,
  /connection (not open|pointer is NULL)|no connection to the server/,
  /SSL (SYSCALL error|connection has been closed)|SSL error: unexpected eof/,
  /Connection terminated/,
  /connection timeout|timeout expired/i,
  /connection establishment for node .* failed/,
  /could not establish any connections? to/,
  /cannot recover from multiple connection failures/,
  /failed to connect to/,
  /Failed to COPY to (destination )?shard/,
  /logical replication waiting timeout/,
  /Could not fetch disk stats for node/,
  /could not acquire the lock required to move/,
  /orphaned shard .* could not be cleaned up/,
  /is a metadata node, but is out of sync/,
  /replication slots are in use/,
  /requested standby connections exceeds/,
  /could not receive data from|could not send data to/,
  /cannot get the size because of a connection error/,
  /the database system is (starting up|shutting down|in recovery mode)/,
  // Citus repeats what libpq said last about a lost connection, and that may be nothing.
  /^\s*$/,
];

interface SqlError {
  message: string;
  code?: string;
}

/** The purpose of an activity: an operation parks and can be retried, a look just ends. */
export type WorksFor = 'operation' | 'look';

/**
 * Sorts an error of an activity for Temporal and the workflow: passing, for a person, or refused. The result holds no
 * secret and no row.
 */
export function classify(error: unknown, worksFor: WorksFor = 'operation'): Error {
  if (error instanceof ApplicationFailure || error instanceof CancelledFailure) return error;
  if (error instanceof UnknownClusterError)
    return worksFor === 'look'
      ? unknownCluster(error)
      : needsPerson(`The worker doesn’t know the cluster any more: ${error.message}`, {
          cluster: error.cluster,
          evidence: [error.message],
          remedies: [
            does('retry', 'put it back into the config of every worker, start them anew, then retry'),
          ],
        });
  if (error instanceof SecretMissingError || error instanceof ConfigError)
    return needsPerson(redact(error.message), {
      remedies: [withNextStep('repair it where the worker runs', worksFor)],
    });
  if (error instanceof TlsRefusedError) {
    const repair = 'correct coordinator.tls in the config of the worker, or the certificates';
    const message = redact(error.message);
    return needsPerson(message, { evidence: [message], remedies: [withNextStep(repair, worksFor)] });
  }
  if (isGrpcServiceError(error) || error instanceof ServiceError)
    return passing(`Temporal could not be asked: ${redact(error.message)}`, {
      remedies: whilePassing(worksFor),
    });
  if (!(error instanceof Error))
    return needsPerson(redact(String(error)), { remedies: [withNextStep('read the message', worksFor)] });
  if (error.name === 'AbortError') return error;
  const { code, message } = rootOf(error);
  const text = redact(message);
  const evidence = [code === undefined ? text : `${text} (${code})`];
  return isPassing(code, message)
    ? passing(text, { evidence, remedies: whilePassing(worksFor) })
    : needsPerson(text, { evidence, remedies: remediesFor(code, worksFor) });
}

/** The refusal of a cluster that the config doesn't name. */
export function unknownCluster({ message, cluster }: UnknownClusterError): Error {
  return refused('UnknownCluster', message, { cluster, remedies: ['name one of these clusters'] });
}

/**
 * Like {@link classify}, with one more line of evidence, which says what it happened to: Citus's texts name a node in
 * ways of their own, or not at all.
 */
export function classifyWith(error: unknown, evidence: string): Error {
  const failure = classify(error);
  return failure instanceof ApplicationFailure ? withEvidence(failure, evidence) : failure;
}

/** Whether the failure is one that parks the operation. */
export function waitsForPerson(error: unknown): boolean {
  const failure = classify(error);
  return failure instanceof ApplicationFailure && failure.type === needsPersonType;
}

/** Whether what a node answered is something that passes by itself. */
export function isPassingText(text: string): boolean {
  return isPassing(undefined, text);
}

/** Whether the failure is one that passes by itself. */
export function isPassingError(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code, message } = rootOf(error);
  return isPassing(code, message);
}

function isPassing(code: string | undefined, message: string): boolean {
  if (code !== undefined && (passingStates.test(code) || passingCodes.has(code))) return true;
  return passingTexts.some((text) => text.test(message));
}

/** Node reports a host with several addresses as an AggregateError, whose own message is empty. */
function rootOf(error: Error): SqlError {
  const inner = error instanceof AggregateError ? (error.errors[0] as unknown) : error;
  const root = inner instanceof Error ? inner : error;
  const code = 'code' in root && typeof root.code === 'string' ? root.code : undefined;
  return code === undefined ? { message: root.message } : { message: root.message, code };
}

const orCancel = does('cancel', 'or cancel: what can be undone is undone');

function whilePassing(worksFor: WorksFor): Advice[] {
  return worksFor === 'operation'
    ? ['repair what the evidence names: it goes on by itself', orCancel]
    : [withNextStep('repair what the evidence names', worksFor)];
}

function remediesFor(code: string | undefined, worksFor: WorksFor): Advice[] {
  const repair = repairOf(code);
  if (repair !== undefined) return [withNextStep(repair, worksFor)];
  return [
    withNextStep('repair what the evidence names', worksFor),
    ...(worksFor === 'operation' ? [orCancel] : []),
  ];
}

function repairOf(code: string | undefined): string | undefined {
  if (code?.startsWith('28')) return 'check the user and its password in the config of the worker';
  if (code === '42501') return 'grant what is missing (docs/roles.md)';
  if (code === '53100') return 'free or add disk space on the node named';
  if (code === '3D000') return 'check the name of the database in the config of the worker';
  if (code === 'ENOTFOUND') return 'check the name of the host in the config of the worker';
  return undefined;
}

function withNextStep(repair: string, worksFor: WorksFor): Remedy {
  return worksFor === 'operation'
    ? does('retry', `${repair}, then retry`)
    : { text: `${repair}, then look again` };
}
