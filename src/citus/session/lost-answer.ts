import { setTimeout as sleep } from 'node:timers/promises';
import { DatabaseError } from 'pg';
import type { ClusterConfig } from '../../config/index.js';
import { applicationPrefix } from './application-name.js';
import { ConnectionLostError, withCoordinator, type ConnectOptions, type Db } from './connect.js';
import { endIdleSession } from './own-sessions.js';

/** Milliseconds after which it is looked whether the server is still at a statement, and again as often. */
const lookMs = 5_000;
/** Milliseconds that such a look may take. */
const patienceMs = 15_000;
/** Looks in a row that find the server done with a statement until its answer counts as lost: it may be on its way. */
const looksUntilLost = 2;
/** Milliseconds in which no look is answered until the coordinator counts as lost. */
const silenceMs = 45_000;

/**
 * Does work in a session of its own on the coordinator, as `withCoordinator` does, and notices when the answer to one of
 * its statements is lost. Where a host or the way to it goes without a word, TCP tells nothing for some eleven minutes. So
 * it is looked over another connection whether the server is at the statement.
 *
 * @throws what `withCoordinator` throws; {@link ConnectionLostError} when an answer is lost
 */
export function withAnswers<T>(
  cluster: ClusterConfig,
  options: ConnectOptions,
  work: (db: Db) => Promise<T>,
): Promise<T> {
  const lost = new AbortController();
  const signal = AbortSignal.any([lost.signal, ...(options.signal ? [options.signal] : [])]);
  return withCoordinator(cluster, { ...options, signal }, async (db) => {
    const self = await identify(db);
    const over = new AbortController();
    const awaited: Awaited = {};
    const lose = (): void => lost.abort(new ConnectionLostError(db.node, 'ETIMEDOUT'));
    if (self) untilLost(cluster, { ...self, options }, awaited, over.signal).then(lose, () => undefined);
    try {
      return await work(noting(db, awaited));
    } finally {
      over.abort();
    }
  });
}

/** A session as only one is: after a restart of the server its process id may be another's. */
interface Self {
  /** The server's own; a pooler in between tells another. */
  pid: number;
  startedAt: string;
}

async function identify(db: Db): Promise<Self | undefined> {
  const [self] = await db.query<Self>(
    `select pid, extract(epoch from backend_start)::text as "startedAt" from pg_stat_activity where pid = pg_backend_pid()`,
  );
  return self;
}

/** The statement whose answer is awaited. */
interface Awaited {
  statement?: { since: number };
}

/** The session, which notes the statement whose answer it awaits. */
function noting(db: Db, awaited: Awaited): Db {
  return {
    ...db,
    query: async <Row>(text: string, params?: unknown[]): Promise<Row[]> => {
      const statement = { since: Date.now() };
      awaited.statement = statement;
      try {
        return await db.query<Row>(text, params);
      } finally {
        if (awaited.statement === statement) delete awaited.statement;
      }
    },
  };
}

/** Looks as long as a statement is awaited, and returns when its answer is lost. */
async function untilLost(
  cluster: ClusterConfig,
  session: Self & { options: ConnectOptions },
  awaited: Awaited,
  over: AbortSignal,
): Promise<void> {
  let seen: Awaited['statement'];
  let missed = 0;
  let answeredAt = 0;
  for (;;) {
    await sleep(lookMs, undefined, { signal: over });
    const { statement } = awaited;
    if (statement !== seen) {
      [seen, missed] = [statement, 0];
      answeredAt = Date.now();
    }
    if (!statement || Date.now() - statement.since < lookMs) continue;
    try {
      const isLast = missed + 1 >= looksUntilLost;
      missed = (await isAtWork(cluster, session, isLast, over)) ? 0 : missed + 1;
      answeredAt = Date.now();
    } catch (error) {
      if (error instanceof DatabaseError) answeredAt = Date.now();
    }
    over.throwIfAborted();
    const isLost = missed >= looksUntilLost || Date.now() - answeredAt >= silenceMs;
    if (isLost && awaited.statement === statement) return;
  }
}

/**
 * Whether the server is at a statement of this session.
 *
 * @param isLast whether the session is ended if not: a statement that is still on its way there must not begin when nobody expects it any more
 */
function isAtWork(
  cluster: ClusterConfig,
  { pid, startedAt, options }: Self & { options: ConnectOptions },
  isLast: boolean,
  over: AbortSignal,
): Promise<boolean> {
  const applicationName = options.applicationName.replace(applicationPrefix, `${applicationPrefix}look:`);
  const signal = AbortSignal.any([over, AbortSignal.timeout(patienceMs)]);
  return withCoordinator(cluster, { ...options, applicationName, signal }, async (db) => {
    const [row] = await db.query<{ atWork: boolean }>(
      `select state is null or state not like 'idle%' as "atWork" from pg_stat_activity
        where pid = $1::int and extract(epoch from backend_start)::text = $2`,
      [pid, startedAt],
    );
    if (row && !row.atWork && isLast) await endIdleSession(db, { pid, ...options }, lookMs / 1_000);
    return row?.atWork === true;
  });
}
