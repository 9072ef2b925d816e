import { isGrpcServiceError, ServiceError } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { TlsRefusedError } from '../../citus/session/connect.js';
import { ConfigError, SecretMissingError, UnknownClusterError } from '../../config/index.js';
import { does, type Advice, type Remedy } from '../../contract/index.js';
import { needsPerson, needsPersonType, passing, refused, repeating, withEvidence } from '../../failures.js';
import { redact } from '../../text/redact.js';
import { bringCoordinatorBack, isCoordinatorAway } from './coordinator-away.js';
import { causeOf, limitOf, linesOf, refusedLogin, type Cause, type Limit } from './cause.js';
import { isPassingCode, isVague } from './passing.js';

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
  if (isCoordinatorAway(error)) {
    const message = redact(error.message);
    return passing(message, { evidence: [message], remedies: untilItIsBack(worksFor) });
  }
  const cause = causeOf(error);
  const text = redact(cause.node === undefined ? cause.message : `${cause.node}: ${cause.message}`);
  const evidence = linesOf(error).map(redact);
  switch (sortOf(cause)) {
    case 'passes':
      return passing(text, { evidence, remedies: whilePassing(worksFor, cause) });
    case 'repeats':
      return limitReached(cause, limitOf(cause), { text, evidence, worksFor });
    case 'person':
      return needsPerson(text, { evidence, remedies: remediesFor(cause, worksFor) });
  }
}

/** A node has ended something after a time that is set there, or refused to write: a setting, and none of ours. */
function limitReached(
  { node }: Cause,
  limit: Limit | undefined,
  { text, evidence, worksFor }: { text: string; evidence: string[]; worksFor: WorksFor },
): Error {
  const repair = `look where ${limit ?? 'it'} is set for the sessions that the nodes open on ${node ?? 'one another'}: for the database, for the roles, or in postgresql.conf`;
  return worksFor === 'operation'
    ? repeating(`${limit} on ${node}`, text, { evidence, remedies: [repair, orCancel] })
    : needsPerson(text, { evidence, remedies: [withNextStep(repair, worksFor)] });
}

/** The refusal of a cluster that the config doesn't name. */
export function unknownCluster({ message, cluster }: UnknownClusterError): Error {
  return refused('UnknownCluster', redact(message), { cluster, remedies: ['name one of these clusters'] });
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
  return sortOf({ message: text }) === 'passes';
}

/** Whether the failure is one that passes by itself. */
export function isPassingError(error: unknown): boolean {
  return error instanceof Error && sortOf(causeOf(error)) !== 'person';
}

/**
 * `passes`: an outage, which heals by waiting. `repeats`: it may pass, but what causes it stays. `person`: nothing but
 * repairing it helps.
 */
function sortOf(cause: Cause): 'passes' | 'repeats' | 'person' {
  const { code, node } = cause;
  // Our own sessions have time-outs of ours, which a node that hangs is given up by.
  if (node !== undefined && limitOf(cause) !== undefined) return 'repeats';
  if (isPassingCode(code)) return 'passes';
  if (refusedLogin(cause) !== undefined) return 'person';
  return isVague(cause) ? 'passes' : 'person';
}

/** For words of PostgreSQL, Citus or the system that we know no remedy of. */
const unknownCause =
  'look up this message in the log of the coordinator, and of the node that it names, and put that right';

const orCancel = does('cancel', 'or cancel: what can be undone is undone');

/** Until then nothing is undone either, so a cancel waits too. */
function untilItIsBack(worksFor: WorksFor): Advice[] {
  return worksFor === 'operation'
    ? [
        `${bringCoordinatorBack}: it goes on by itself`,
        does('giveUp', 'or give up: what could not be undone is handed over to you'),
      ]
    : [withNextStep(bringCoordinatorBack, worksFor)];
}

function whilePassing(worksFor: WorksFor, cause?: Cause): Advice[] {
  const repair = cause ? whatPasses(cause) : 'bring Temporal back';
  return worksFor === 'operation'
    ? [`${repair}: it goes on by itself`, orCancel]
    : [withNextStep(repair, worksFor)];
}

/** What makes an outage pass sooner, by what it is one of. */
function whatPasses({ code, message }: Cause): string {
  const [, node] = /(?:remote node|the node|connect to) (?:\S+@)?(\S+:\d+)/.exec(message) ?? [];
  if (code === '53300') return 'close connections there, or raise max_connections';
  if (code === '53400' || /slots are in use|standby connections exceeds/.test(message))
    return 'free replication slots and WAL senders there, or raise their number';
  if (/^(55P03|55006|40P01|40001)$/.test(code ?? '')) return 'let what holds the lock end';
  if (node !== undefined) return `bring ${node} back`;
  return 'bring back the server that gives no answer';
}

function remediesFor(cause: Cause, worksFor: WorksFor): Advice[] {
  const ofConfig = repairOf(cause.code);
  const repair =
    cause.node === undefined ? (ofConfig ?? refusedLogin(cause)) : (refusedLogin(cause) ?? ofConfig);
  if (repair !== undefined) return [withNextStep(repair, worksFor)];
  return [withNextStep(unknownCause, worksFor), ...(worksFor === 'operation' ? [orCancel] : [])];
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
