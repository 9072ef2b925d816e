import { setMaxListeners } from 'node:events';
import { flushWritten, untilReplayed } from '../../citus/hold/clone.js';
import { noRecovery, setForHold, soonTold } from '../../citus/hold/own-settings.js';
import { keepHold } from '../../citus/hold/switch.js';
import {
  prepareHold,
  readPrepared,
  releaseHold,
  takeHold,
  TablesChangedError,
  type HoldLimits,
} from '../../citus/hold/take.js';
import { withCoordinator, type ConnectOptions, type Db } from '../../citus/session/connect.js';
import { sqlState } from '../../citus/session/sql-state.js';
import type { ClusterConfig } from '../../config/index.js';
import type { HoldEntry } from '../../contract/internal/undo.js';
import { passing } from '../../failures.js';
import { courseOf, NotNowError } from './course.js';
import { fence, isCloneStill, otherServer, withNodes } from './servers.js';

/** How long a hold may take; past its deadline everything goes back. */
export interface HoldTimes extends HoldLimits {
  /** Milliseconds from the first lock until the promotion begins. */
  deadlineMs: number;
  /** Seconds that the promotion may take. */
  promoteSeconds: number;
}

/** How an attempt ended; `failed`: the clone may be promoted, and nobody was switched to it. */
export type HoldOutcome =
  | { state: 'switched'; heldMs: number; told: boolean }
  | { state: 'went back'; why: string }
  | { state: 'failed'; why: string };

/**
 * Holds all traffic of a cluster, whichever server it enters through, and has a clone take its worker's place meanwhile, or
 * a part of its shards. Where it doesn't get there in time everything goes back.
 *
 * @param mayAct asked before anything is held; throws when nothing may be changed any more
 * @param stop ends the attempt, until the promotion begins
 * @param mayGo whether these shards may go to a clone that becomes a worker
 * @throws PlanChanged when another server has the clone's address; what passes; and an answer that was lost: then it must be looked whether it was switched
 */
export async function tryHold(
  cluster: ClusterConfig,
  entry: HoldEntry,
  times: HoldTimes,
  {
    mayAct,
    stop,
    mayGo = () => true,
  }: {
    mayAct: () => Promise<void>;
    stop: AbortSignal;
    mayGo?: (shardIds: readonly number[]) => boolean;
  },
): Promise<HoldOutcome> {
  const ended = new AbortController();
  setMaxListeners(0, ended.signal);
  const end = (): void => ended.abort(stop.reason);
  stop.throwIfAborted();
  stop.addEventListener('abort', end, { once: true });
  const options: ConnectOptions = {
    applicationName: entry.session,
    statementTimeoutSeconds: 30,
    signal: ended.signal,
  };
  const { node, clone, splits } = entry;
  const course = courseOf(entry, mayGo);
  const workers = entry.servers.filter((each) => each !== node && each !== clone);
  let late: NodeJS.Timeout | undefined;
  const point: { reached?: 'promotion' | 'commit' | 'switched' } = {};
  try {
    return await withCoordinator(cluster, options, (coordinator) =>
      withNodes(cluster, workers, options, (others) =>
        withNodes(cluster, [node, node, clone], options, async ([old, beside, standby]) => {
          if (!old || !beside || !standby) throw new Error('a session is missing');
          if (!(await isCloneStill(standby, entry))) throw otherServer(cluster.name, entry);
          const holders = [coordinator, old, ...others];
          for (const db of holders) await prepareHold(db, times);
          await mayAct();
          await setForHold(standby, noRecovery);
          await setForHold(coordinator, soonTold);

          const began = Date.now();
          const left = (): number => began + times.deadlineMs - Date.now();
          await all(holders, (db) => takeHold(db, times, db === coordinator));
          const [prepared] = await readPrepared(beside);
          if (prepared !== undefined) throw new NotNowError(`${prepared} is prepared on ${node}`);
          const written = await flushWritten(beside);
          await course.prepare(coordinator);
          if (!(await untilReplayed(standby, written, left())))
            throw new NotNowError(`${clone} had not replayed what ${node} wrote`);
          await all(holders, isThere);
          stop.throwIfAborted();

          stop.removeEventListener('abort', end);
          late = setTimeout(() => ended.abort(noAnswer()), times.deadManMs + times.promoteSeconds * 1_000);
          point.reached = 'promotion';
          if (!(await course.promote(coordinator, standby, times.promoteSeconds)))
            throw new Error(`${clone} was not a primary after ${times.promoteSeconds} s`);
          await all(holders, isThere);
          // They keep their locks until they know, whatever becomes of us.
          const toTell = splits ? [...others, old] : others;
          const told = all(toTell, (db) => course.told(db, times.deadManMs));
          const kept = splits ? undefined : keepHold(old, times.deadManMs).catch(() => undefined);
          told.catch(() => undefined);
          point.reached = 'commit';
          await coordinator.query('COMMIT');
          point.reached = 'switched';
          const { signal: _, ...unbounded } = options;
          if (!splits) await fence(cluster, node, unbounded);
          await kept;
          const areTold = await told;
          await all(toTell, releaseHold);
          return { state: 'switched', heldMs: Date.now() - began, told: areTold.every(Boolean) };
        }),
      ),
    );
  } catch (error) {
    if (point.reached === undefined) stop.throwIfAborted();
    const why = error instanceof Error ? error.message : String(error);
    if (point.reached === 'promotion' || (point.reached === 'commit' && sqlState(error) !== undefined))
      return { state: 'failed', why };
    if (point.reached === undefined && isNotNow(error)) return { state: 'went back', why };
    throw error;
  } finally {
    clearTimeout(late);
    stop.removeEventListener('abort', end);
  }
}

/** Does something in all sessions at once, and waits for all of them, whatever one comes to. */
async function all<T>(sessions: readonly Db[], work: (db: Db) => Promise<T>): Promise<T[]> {
  const results = await Promise.allSettled(sessions.map(work));
  return results.map((result) => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  });
}

/** A session that was ended at the server, by the dead-man switch say, holds nothing any more. What follows ends by itself. */
async function isThere(db: Db): Promise<void> {
  await db.query('SET LOCAL statement_timeout = 0');
}

function noAnswer(): Error {
  return passing('a server has not answered in the middle of the switch');
}

/** What somebody else's transaction is to blame for: it did not let go in time, or it wanted what we had. */
function isNotNow(error: unknown): boolean {
  if (error instanceof NotNowError || error instanceof TablesChangedError) return true;
  return ['55P03', '57014', '40P01', '42P01'].includes(sqlState(error) ?? '');
}
