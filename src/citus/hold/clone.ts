import { setTimeout as sleep } from 'node:timers/promises';
import type { Db } from '../session/db.js';

/** How a server stands to the WAL: as a primary writes it, or as a standby gets it. */
export interface WalFacts {
  inRecovery: boolean;
  /** Whether WAL is streamed to it just now. */
  streaming: boolean;
  /** The timeline that it writes, or gets; null: it gets none. */
  timeline: number | null;
  /** The position up to which it has written, or replayed. */
  position: string;
}

/** Reads how a server stands to the WAL. */
export async function readWal(db: Db): Promise<WalFacts> {
  const [row] = await db.query<WalFacts>(
    // pg_control_checkpoint() tells a new timeline only from the next checkpoint on.
    `SELECT r AS "inRecovery",
            coalesce((SELECT status = 'streaming' FROM pg_stat_wal_receiver), false) AS streaming,
            CASE WHEN r THEN (SELECT received_tli FROM pg_stat_wal_receiver)
                 ELSE ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int END AS timeline,
            coalesce(CASE WHEN r THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END, '0/0')::text AS position
       FROM pg_is_in_recovery() r`,
  );
  if (!row) throw new Error('the server answered nothing');
  return row;
}

/**
 * The position up to which a primary's WAL can be streamed, with all that was committed by now: also what was committed
 * with synchronous_commit off, of which the WAL needn't be on disk, and is streamed no earlier.
 */
export async function flushWritten(primary: Db): Promise<string> {
  // Else it would wait for a synchronous standby, which may be the very one that is about to be promoted.
  await primary.query('SET synchronous_commit = local');
  await primary.query(`SELECT pg_logical_emit_message(true, 'citus-scaler', 'hold')`);
  const [row] = await primary.query<{ at: string }>('SELECT pg_current_wal_flush_lsn()::text AS at');
  return row?.at ?? '0/0';
}

/** Bytes of WAL that a standby has not replayed yet, up to a position; 0: it has replayed that. */
export async function readLag(standby: Db, position: string): Promise<number> {
  const [row] = await standby.query<{ bytes: number }>(
    `SELECT greatest(0, pg_wal_lsn_diff($1::pg_lsn, coalesce(pg_last_wal_replay_lsn(), '0/0')))::bigint AS bytes`,
    [position],
  );
  return row?.bytes ?? Number.MAX_SAFE_INTEGER;
}

/** Waits until a standby has replayed up to a position. Answers whether it has in so many milliseconds. */
export async function untilReplayed(standby: Db, position: string, milliseconds: number): Promise<boolean> {
  for (const end = Date.now() + milliseconds; ;) {
    if ((await readLag(standby, position)) === 0) return true;
    if (Date.now() >= end) return false;
    await sleep(10);
  }
}

/**
 * Whether a standby is on its way to being a primary: whoever asked for that may be gone, and nobody can call it off. Its
 * replay is paused or goes on as before.
 */
export async function isPromoting(standby: Db): Promise<boolean> {
  const [row] = await standby.query<{ asked: boolean }>(
    // Not the whole row: one of its columns is NULL on most systems.
    `SELECT (pg_stat_file('promote', true)).modification IS NOT NULL AS asked`,
  );
  if (row?.asked) return true;
  try {
    // Refused from the moment in which the request is seen; there is no other way to ask.
    await standby.query(
      `SELECT CASE pg_get_wal_replay_pause_state() WHEN 'not paused' THEN pg_wal_replay_resume()::text ELSE pg_wal_replay_pause()::text END`,
    );
    return false;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === '55000') return true;
    throw error;
  }
}

/** Makes a standby a primary. There is no way back. */
export async function promote(standby: Db, seconds: number): Promise<boolean> {
  const [row] = await standby.query<{ done: boolean }>('SELECT pg_promote(true, $1) AS done', [seconds]);
  return row?.done === true;
}
