import type { Db } from '../session/connect.js';
import { runOnNodes } from '../nodes/node-settings.js';
import { activeWorkers, isIsolated, readNodes } from '../nodes/nodes.js';
import { identifier } from '../session/quote.js';

/** Figures of the load on the coordinator, each cheap enough to be read every two seconds (docs/citus.md). */

/** Whether the role sees the statements of others. */
export async function seesStatements(db: Db): Promise<boolean> {
  const [row] = await db.query<{ sees: boolean }>(`select pg_has_role('pg_read_all_stats', 'usage') as sees`);
  return row?.sees === true;
}

/**
 * Age in seconds of the oldest statement that runs and began after `since` (ISO 8601). Not ours, and not what
 * Citus does by itself.
 */
export async function longestStatement(db: Db, since: string): Promise<number> {
  const [row] = await db.query<{ seconds: number }>(
    `select coalesce(max(extract(epoch from clock_timestamp() - query_start)), 0)::float8 as seconds
       from pg_stat_activity
      where backend_type = 'client backend' and state = 'active' and datname = current_database()
        and query_start > $1::timestamptz and pid <> pg_backend_pid()
        and application_name !~ '^(citus-scaler:|citus_internal|citus_rebalancer|citus_run_command)'`,
    [since],
  );
  return row?.seconds ?? 0;
}

// In PostgreSQL's regular expressions a dot matches line ends too, and the second line (`full`) is always 0.
const pressureQuery = `select substring(pg_read_file('/proc/pressure/cpu') from 'some [^\\n]*total=([0-9]+)') as total`;

/** Microseconds for which something waited for a CPU, since the host started: the kernel's own count (PSI). */
export async function cpuPressure(db: Db): Promise<number> {
  const [row] = await db.query<{ total: string | null }>(pressureQuery);
  return Number(row?.total ?? Number.NaN);
}

/** The same as {@link cpuPressure} for each active worker that isn't isolated, or why it can't be read there. Asks every one. */
export async function cpuPressureOfWorkers(
  db: Db,
): Promise<({ node: string; total: number } | { node: string; error: string })[]> {
  const workers = activeWorkers(await readNodes(db)).filter((node) => !isIsolated(node));
  const answers = await runOnNodes(
    db,
    workers.map(({ node }) => ({ node, command: pressureQuery })),
  );
  return answers.map(({ node, success, result }) => {
    if (!success) return { node, error: result };
    return result === '' ? { node, error: 'its kernel counts none' } : { node, total: Number(result) };
  });
}

/** The schema of pg_stat_statements, when the database has it. */
export async function statementsSchema(db: Db): Promise<string | undefined> {
  const [row] = await db.query<{ schema: string }>(
    `select n.nspname as schema from pg_extension e join pg_namespace n on n.oid = e.extnamespace
      where e.extname = 'pg_stat_statements'`,
  );
  return row?.schema;
}

/** Ids of the statements of ours that run now: a move would count as one that takes minutes. */
export async function ownStatementIds(db: Db): Promise<string[]> {
  const rows = await db.query<{ id: string }>(
    `select distinct query_id::text as id from pg_stat_activity
      where application_name like 'citus-scaler:%' and query_id is not null`,
  );
  return rows.map(({ id }) => id);
}

/** All statements of the database so far, without those named. The texts aren't read: that is what costs. */
export async function statementTotals(
  db: Db,
  schema: string,
  without: string[],
): Promise<{ ms: number; calls: number }> {
  const [row] = await db.query<{ ms: number; calls: number }>(
    `select coalesce(sum(total_exec_time), 0)::float8 as ms, coalesce(sum(calls), 0)::float8 as calls
       from ${identifier(schema)}.pg_stat_statements(false)
      where dbid = (select oid from pg_database where datname = current_database())
        and queryid <> all($1::text[]::bigint[])`,
    [without],
  );
  return row ?? { ms: 0, calls: 0 };
}

/**
 * Bytes that the slot furthest behind is behind: of the coordinator's own slots in use, and of the moves that run. The
 * latter asks every node.
 */
export async function slotLag(db: Db): Promise<number> {
  const [row] = await db.query<{ lag: number }>(
    `select greatest(0,
       (select max(pg_current_wal_lsn() - coalesce(confirmed_flush_lsn, restart_lsn)) from pg_replication_slots where active),
       (select max((r->>'source_lsn')::pg_lsn - (r->>'target_lsn')::pg_lsn)
          from (select to_jsonb(p) as r from get_rebalance_progress() p) all_moves))::float8 as lag`,
  );
  return row?.lag ?? 0;
}
