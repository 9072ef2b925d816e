import type { Db } from './db.js';

/** A session on the coordinator that moves, copies or splits shards at this moment. Never its statement. */
export interface RunningMove {
  pid: number;
  applicationName: string;
  user: string;
  /** Start of the statement. */
  startedAt?: Date;
  /** First shard that the statement names, when it can be read. */
  shardId?: number;
  /** Tables, phase and nodes as `get_rebalance_progress()` has them; empty while it can't be asked. */
  tables: string[];
  phase?: string;
  from?: string;
  to?: string;
}

/**
 * Moves that run, whoever started them: by `pg_stat_activity`, which answers always, with the details of
 * `get_rebalance_progress()`, which asks every node and fails after 30 s when one is frozen. So it gets 5 s.
 * Executors of a background job are among them. Other roles' statements are hidden without `pg_monitor`; their
 * moves are then known by `get_rebalance_progress()` alone.
 */
export async function readRunningMoves(db: Db): Promise<RunningMove[]> {
  const progress = await progressWithin(db, 5);
  const rows = await db.query<{
    pid: number;
    app: string;
    user: string;
    since: Date | null;
    shard: number | null;
  }>(
    `SELECT pid, application_name AS app, coalesce(usename::text, '') AS user, query_start AS since,
            (substring(query FROM '(?:${moving})\\s*\\(\\D*(\\d+)'))::int8 AS shard
     FROM pg_catalog.pg_stat_activity
     WHERE pid <> pg_backend_pid() AND datname = current_database()
       AND (pid = ANY ($1::int[])
            OR state = 'active' AND query ~ '(${moving}|citus_drain_node|rebalance_table_shards|replicate_reference_tables)\\s*\\('
               AND query !~ 'get_rebalance_table_shards_plan')
     ORDER BY pid`,
    [progress.map((row) => row.pid)],
  );
  return rows.map((row) => {
    const mine = progress.filter(({ pid }) => pid === row.pid);
    const [first] = mine;
    const shardId = row.shard ?? first?.shard;
    return {
      pid: row.pid,
      applicationName: row.app,
      user: row.user,
      tables: [...new Set(mine.map(({ table }) => table))],
      ...(row.since !== null && { startedAt: row.since }),
      ...(shardId !== undefined && { shardId }),
      ...(first && { phase: first.phase, from: first.from, to: first.to }),
    };
  });
}

const moving =
  'citus_move_shard_placement|master_move_shard_placement|citus_copy_shard_placement|citus_internal_copy_single_shard_placement|citus_split_shard_by_split_points|isolate_tenant_to_new_shard';

interface ProgressRow {
  pid: number;
  table: string;
  shard: number;
  from: string;
  to: string;
  phase: string;
}

/** Rows of `get_rebalance_progress()`; none when it fails or takes longer. In a transaction of its own. */
async function progressWithin(db: Db, seconds: number): Promise<ProgressRow[]> {
  try {
    await db.query('BEGIN READ ONLY');
    await db.query(`SET LOCAL statement_timeout = '${seconds}s'`);
    const rows = await db.query<ProgressRow>(`
      SELECT sessionid AS pid, table_name::text AS table, shardid::int8 AS shard,
             sourcename || ':' || sourceport AS "from", targetname || ':' || targetport AS "to", status AS phase
      FROM pg_catalog.get_rebalance_progress() WHERE progress < 2`);
    await db.query('COMMIT');
    return rows;
  } catch (error) {
    if (!(error instanceof Error && 'severity' in error)) throw error;
    await db.query('ROLLBACK');
    return [];
  }
}
