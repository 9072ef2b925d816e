import { setTimeout as sleep } from 'node:timers/promises';
import { formatAddress } from '../../text/address.js';
import type { Db } from '../session/db.js';

/** What a server says of itself that may be a streaming standby. */
export interface StandbyFacts {
  inRecovery: boolean;
  /** Null: the role may not ask. */
  systemIdentifier: string | null;
  /** `17.2`-like text of the server's version. */
  version: string;
  /** Whether WAL is streamed to it just now. */
  streaming: boolean;
  /** `host:port` that it streams from, as its config says it; absent: not known. */
  from?: string;
  /** Node group that its database belongs to. */
  localGroup: number | null;
}

/** Reads what a server says of itself that may be a standby. */
export async function readStandby(db: Db): Promise<StandbyFacts> {
  const [row] = await db.query<
    Omit<StandbyFacts, 'from'> & { senderHost: string | null; senderPort: number | null }
  >(
    `SELECT pg_is_in_recovery() AS "inRecovery", current_setting('server_version') AS version,
            CASE WHEN has_function_privilege('pg_control_system()', 'execute')
                 THEN (SELECT system_identifier::text FROM pg_control_system()) END AS "systemIdentifier",
            coalesce((SELECT status = 'streaming' FROM pg_stat_wal_receiver), false) AS streaming,
            (SELECT sender_host FROM pg_stat_wal_receiver) AS "senderHost",
            (SELECT sender_port FROM pg_stat_wal_receiver) AS "senderPort",
            (SELECT groupid FROM pg_dist_local_group) AS "localGroup"`,
  );
  if (!row) throw new Error('the server answered nothing');
  const { senderHost, senderPort, ...facts } = row;
  return {
    ...facts,
    ...(senderHost !== null &&
      senderPort !== null && { from: formatAddress({ host: senderHost, port: senderPort }) }),
  };
}

/** The position in the WAL up to which a primary has written. */
export async function readWritten(primary: Db): Promise<string> {
  const [row] = await primary.query<{ at: string }>('SELECT pg_current_wal_lsn()::text AS at');
  return row?.at ?? '0/0';
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

/** Makes a standby a primary. There is no way back. */
export async function promote(standby: Db, seconds: number): Promise<boolean> {
  const [row] = await standby.query<{ done: boolean }>('SELECT pg_promote(true, $1) AS done', [seconds]);
  return row?.done === true;
}
