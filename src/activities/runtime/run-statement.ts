import { withCoordinator } from '../../citus/session/connect.js';
import { cancelBackend, findBackend } from '../../citus/moving/moves.js';
import type { ClusterConfig } from '../../config/index.js';
import { isPassingError } from './classify.js';

/** A statement that may take days, and goes on at the server when its client is gone. */
export interface LongStatement {
  /** `application_name` of its session, by which a later attempt finds and adopts it. */
  name: string;
  text: string;
  params: unknown[];
  /** Whether it runs at the server already, when the caller has looked. */
  running?: boolean;
  /** Told every two seconds of its process; reads how far it is, and never fails. */
  watch: (pid: number | undefined) => Promise<void>;
  /** Told when the coordinator doesn't answer. */
  silent: () => void;
}

export interface Stop {
  signal: AbortSignal;
  /** `cancel` ends the statement, `leave` lets it go on at the server. */
  manner: () => 'cancel' | 'leave';
}

/** `adopted`: the statement of an earlier attempt has ended, nobody knows how. */
export type Ending = 'ended' | 'adopted' | 'stopped';

/** Looking costs the coordinator a connection to each node: small moves are over before the first look. */
const pollMs = 2_000;
/** Seconds without an answer after which the coordinator counts as lost; the next attempt adopts the statement. */
const silenceSeconds = 45;

/** Runs a long statement, or adopts it when an earlier attempt's still runs at the server. */
export async function runLong(cluster: ClusterConfig, statement: LongStatement, stop: Stop): Promise<Ending> {
  const { name } = statement;
  const watching = { applicationName: `${name}:watch`, statementTimeoutSeconds: 10 };
  const adopted =
    statement.running ??
    (await withCoordinator(cluster, watching, (db) => findBackend(db, name))) !== undefined;
  const gone = new AbortController();
  const call = newCall();
  const running = adopted ? undefined : run(cluster, statement, gone.signal);
  running?.then(
    () => (call.finished = true),
    (error: unknown) => Object.assign(call, { finished: true, failure: error }),
  );

  let heard = Date.now();
  for (;;) {
    await pause(pollMs, stop.signal, running);
    if (call.finished) break;
    if (stop.signal.aborted && stop.manner() === 'leave') {
      // The connection goes, the statement stays, and the next attempt adopts it.
      gone.abort();
      return 'stopped';
    }
    try {
      const pid = await withCoordinator(cluster, watching, async (db) => {
        const found = await findBackend(db, name);
        if (found !== undefined && stop.signal.aborted) await cancelBackend(db, found);
        return found;
      });
      heard = Date.now();
      if (pid === undefined && running === undefined) return stop.signal.aborted ? 'stopped' : 'adopted';
      if (!stop.signal.aborted) await statement.watch(pid);
    } catch (error) {
      if (!isPassingError(error)) throw error;
      statement.silent();
      if (Date.now() - heard > silenceSeconds * 1_000) {
        gone.abort();
        throw error;
      }
    }
  }
  const { failure } = call;
  if (failure === undefined) return 'ended';
  if (stop.signal.aborted) return 'stopped';
  throw failure;
}

/** The statement that this attempt began itself. */
interface Call {
  finished: boolean;
  failure?: Error;
}

function newCall(): Call {
  return { finished: false };
}

function run(
  cluster: ClusterConfig,
  { name, text, params }: LongStatement,
  signal: AbortSignal,
): Promise<void> {
  return withCoordinator(
    cluster,
    { applicationName: name, statementTimeoutSeconds: 0, signal },
    async (db) => {
      // A notice to a client that is gone would end the statement with it.
      await db.query('set client_min_messages = error');
      await db.query(text, params);
    },
  );
}

/** Waits, but no longer than until the statement has ended or a stop is asked for. */
async function pause(
  ms: number,
  signal: AbortSignal,
  statement: Promise<unknown> | undefined,
): Promise<void> {
  const done = new AbortController();
  const timeout = new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, signal.aborted ? 100 : ms);
    done.signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
    signal.addEventListener('abort', () => resolve(), { once: true, signal: done.signal });
  });
  await Promise.race([timeout, ...(statement ? [statement.catch(() => undefined)] : [])]);
  done.abort();
}
