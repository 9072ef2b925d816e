import type { Context } from '@temporalio/activity';
import { withCoordinator } from '../../citus/session/connect.js';
import { readOwnSessions, type OwnSession } from '../../citus/session/own-sessions.js';
import type { ClusterConfig } from '../../config/index.js';
import { sqlState } from '../../citus/session/sql-state.js';
import { isPassingError } from './classify.js';
import { isCancelOfOperation } from './context.js';
import { endStatements } from './end-sessions.js';

/** A statement that may take days, and goes on at the server when its client is gone. */
export interface LongStatement {
  /** `application_name` of its session, by which a later attempt finds and adopts it. */
  name: string;
  /** `application_name` of the sessions that look after it. */
  watchName: string;
  text: string;
  params: unknown[];
  /** Seconds after which the server ends it, but for its commit; absent: it may take days. */
  withinSeconds?: number;
  /** Called with its session open, right before it is sent: throws when nothing may be changed any more. */
  mayBegin?: () => Promise<void>;
  /** Whether it runs at the server already, when the caller has looked. */
  running?: boolean;
  /** Called every two seconds with its process; reads how far it is, and never fails. */
  watch: (pid: number | undefined) => Promise<void>;
  /** Called when the coordinator doesn't answer. */
  onSilence: () => void;
}

/** The two ways to stop a long statement. */
export interface Stops {
  /** The statement is ended at the server, and waited for. */
  cancel: AbortSignal;
  /** The client goes, the statement goes on at the server, and the next attempt adopts it. */
  leave: AbortSignal;
}

/**
 * `adopted`: the statement of an earlier attempt, or one whose answer is lost, has ended, nobody knows how. `cut`: its bound
 * has ended it. `left`: it goes on at the server.
 */
export type Ending = 'ended' | 'adopted' | 'cancelled' | 'cut' | 'left';

/** Looking costs the coordinator a connection to each node: small moves are over before the first look. */
const pollMs = 2_000;
const firstEndingPollMs = 100;
/** Seconds without an answer after which the coordinator counts as lost; the next attempt adopts the statement. */
const silenceSeconds = 45;
/**
 * Milliseconds for which the server may have no process for a statement whose answer is still awaited. Then the answer is
 * lost: the host or the way to it went without a word, or the server was started anew.
 */
const lostAnswerMs = 5_000;
/** Milliseconds after which a statement that is being ended is watched again: something holds it. */
const lingerMs = 5_000;

/** The stops of a long statement of the running activity: a cancel of the operation ends it, all else leaves it. */
export function stopsOf(activity: Context): Stops {
  const cancel = new AbortController();
  const leave = new AbortController();
  const stop = (): void => (isCancelOfOperation(activity) ? cancel : leave).abort();
  const { cancellationSignal: signal } = activity;
  if (signal.aborted) stop();
  else signal.addEventListener('abort', stop, { once: true });
  return { cancel: cancel.signal, leave: leave.signal };
}

/** Runs a long statement, or adopts it when an earlier attempt's still runs at the server. */
export async function runStatement(
  cluster: ClusterConfig,
  statement: LongStatement,
  { cancel, leave }: Stops,
): Promise<Ending> {
  const { name } = statement;
  const watching = { applicationName: statement.watchName, statementTimeoutSeconds: 10 };
  const look = (isLost = false): Promise<OwnSession | undefined> =>
    withCoordinator(cluster, watching, async (db) => {
      const sessions = (await readOwnSessions(db, { prefixes: [name] })).filter(
        ({ applicationName }) => applicationName === name,
      );
      const session = sessions.find(({ state }) => state === 'active');
      if (session && cancel.aborted) await endStatements(db, [session]);
      // One that waits for a statement which is still on its way must not begin it when nobody expects it any more.
      if (!session && isLost) await endStatements(db, sessions);
      return session;
    });
  const isAdopted = statement.running ?? (await look()) !== undefined;
  const dropController = new AbortController();
  const call: Call = { isSent: false, isDone: false };
  const running = isAdopted ? undefined : send(cluster, statement, call, dropController.signal);
  running?.then(
    () => (call.isDone = true),
    (error: unknown) => Object.assign(call, { isDone: true, failure: error }),
  );

  let lastAnswerAt = Date.now();
  let endingSince: number | undefined;
  let missingSince: number | undefined;
  for (;;) {
    // What is being ended may wait for somebody for hours.
    const endingPollMs = Math.min(
      pollMs,
      Math.max(firstEndingPollMs, (Date.now() - (endingSince ?? Date.now())) / 5),
    );
    await waitUntilDue(cancel.aborted ? endingPollMs : pollMs, [cancel, leave], running);
    if (call.isDone) break;
    if (leave.aborted && !cancel.aborted) {
      dropController.abort();
      return 'left';
    }
    if (cancel.aborted) endingSince ??= Date.now();
    try {
      const wasSent = call.isSent;
      const isLost = Date.now() - (missingSince ?? Date.now()) > lostAnswerMs;
      const session = await look(isLost);
      lastAnswerAt = Date.now();
      if (session !== undefined || !wasSent) missingSince = undefined;
      else missingSince ??= Date.now();
      if (session === undefined && (running === undefined || isLost)) {
        dropController.abort();
        return cancel.aborted ? 'cancelled' : 'adopted';
      }
      if (endingSince === undefined || Date.now() - endingSince > lingerMs)
        await statement.watch(session?.pid);
    } catch (error) {
      if (!isPassingError(error)) throw error;
      statement.onSilence();
      if (Date.now() - lastAnswerAt > silenceSeconds * 1_000) {
        dropController.abort();
        throw error;
      }
    }
  }
  const { failure } = call;
  if (failure === undefined) return 'ended';
  if (cancel.aborted) return 'cancelled';
  if (statement.withinSeconds !== undefined && isStatementTimeout(failure)) return 'cut';
  throw failure;
}

/** The statement that this attempt began itself. */
interface Call {
  /** Whether the server may have got it. */
  isSent: boolean;
  isDone: boolean;
  failure?: Error;
}

/** Not somebody's `pg_cancel_backend`. */
function isStatementTimeout(error: Error): boolean {
  return sqlState(error) === '57014' && !error.message.includes('user request');
}

function send(
  cluster: ClusterConfig,
  { name, text, params, withinSeconds, mayBegin }: LongStatement,
  call: Call,
  signal: AbortSignal,
): Promise<void> {
  return withCoordinator(
    cluster,
    { applicationName: name, statementTimeoutSeconds: withinSeconds ?? 0, signal },
    async (db) => {
      await mayBegin?.();
      call.isSent = true;
      await db.query(text, params);
    },
  );
}

/** Waits, but no longer than until the statement has ended or a signal comes that wasn't there yet. */
async function waitUntilDue(
  ms: number,
  signals: AbortSignal[],
  statement: Promise<unknown> | undefined,
): Promise<void> {
  const doneController = new AbortController();
  const timeout = new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms);
    doneController.signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
    for (const signal of signals)
      signal.addEventListener('abort', () => resolve(), { once: true, signal: doneController.signal });
  });
  await Promise.race([timeout, ...(statement ? [statement.catch(() => undefined)] : [])]);
  doneController.abort();
}
