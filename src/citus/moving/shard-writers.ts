import { runOnNodes } from '../nodes/node-settings.js';
import type { Db } from '../session/db.js';

/** A transaction that has written to a shard and is still open. */
export interface ShardWriter {
  /** Process on the node of the shard; null: it is prepared, and no process has it. */
  pid: number | null;
  /** Seconds since it began; null for one that is prepared. */
  seconds: number | null;
}

/**
 * Reads the transactions that have written to shards on their node and are open for longer than so many seconds; the oldest
 * first. Whoever wrote, and through which node, holds a lock on the shard itself (measured, docs/citus.md). Answers none where
 * the node can't be asked.
 */
export async function readShardWriters(
  db: Db,
  node: string,
  shardIds: readonly number[],
  openForSeconds: number,
): Promise<ShardWriter[]> {
  const command = `SELECT coalesce(json_agg(w ORDER BY w.seconds DESC NULLS FIRST), '[]')::text FROM (
    SELECT DISTINCT l.pid, extract(epoch FROM clock_timestamp() - a.xact_start)::float8 AS seconds
      FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
     WHERE l.locktype = 'relation' AND l.granted AND l.mode = 'RowExclusiveLock'
       AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
       AND l.relation IN (SELECT oid FROM pg_catalog.pg_class WHERE relname ~ '_(${shardIds.join('|')})$')
       AND (l.pid IS NULL OR a.xact_start < clock_timestamp() - interval '${openForSeconds} seconds')) w`;
  const [answer] = await runOnNodes(db, [{ node, command }]);
  return answer?.success ? (JSON.parse(answer.result) as ShardWriter[]) : [];
}
