import type { Db } from '../session/db.js';
import { runOnNodes } from '../nodes/node-settings.js';

/** The use of logical replication on one node. */
export interface Replication {
  slots: number;
  slotsUsed: number;
  /** Slots by the beginning of their name, most first. */
  slotsOf: string[];
  senders: number;
  sendersUsed: number;
  /** Subscriptions of moves to this node, and those of them for which no worker process runs. */
  subscriptions: number;
  withoutWorker: number;
  /** Worker processes of all subscriptions of the server. */
  logicalUsed: number;
  logicalWorkers: number;
  backgroundUsed: number;
  workerProcesses: number;
  /** Indexes that are being built in the database of the cluster. */
  indexes: { phase: string; done: number; total: number }[];
}

/** No background worker, though `backend_type` of one may be anything else. */
const noBackgroundWorkers = `'client backend', 'autovacuum launcher', 'autovacuum worker', 'background writer', 'checkpointer',
  'walwriter', 'walsender', 'walreceiver', 'startup', 'archiver', 'logger', 'slotsync worker', 'walsummarizer', 'io worker'`;

const replicationQuery = `SELECT json_build_object(
  'slots', current_setting('max_replication_slots')::int,
  'slotsUsed', (SELECT count(*) FROM pg_replication_slots),
  'slotsOf', (SELECT coalesce(json_agg(n || ' ' || name), '[]') FROM (
     SELECT count(*) AS n, CASE WHEN slot_name ~ '^citus_shard_' THEN 'of moves' ELSE slot_name END || CASE WHEN active THEN '' ELSE ' (inactive)' END AS name
       FROM pg_replication_slots GROUP BY 2 ORDER BY 1 DESC LIMIT 5) s),
  'senders', current_setting('max_wal_senders')::int,
  'sendersUsed', (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'walsender'),
  'subscriptions', (SELECT count(*) FROM pg_stat_subscription WHERE subname ~ '^citus_shard_move_'),
  'withoutWorker', (SELECT count(*) FROM pg_stat_subscription WHERE subname ~ '^citus_shard_move_' AND pid IS NULL),
  'logicalUsed', (SELECT count(*) FROM pg_stat_subscription WHERE pid IS NOT NULL),
  'logicalWorkers', current_setting('max_logical_replication_workers')::int,
  'backgroundUsed', (SELECT count(*) FROM pg_stat_activity WHERE backend_type NOT IN (${noBackgroundWorkers})),
  'workerProcesses', current_setting('max_worker_processes')::int,
  'indexes', (SELECT coalesce(json_agg(json_build_object('phase', phase, 'done', blocks_done, 'total', blocks_total)), '[]')
     FROM pg_stat_progress_create_index WHERE datname = current_database())
)::text`;

/** Reads the use of logical replication on each node that answers. */
export async function readReplication(db: Db, nodes: string[]): Promise<(Replication & { node: string })[]> {
  const answers = await runOnNodes(
    db,
    nodes.map((node) => ({ node, command: replicationQuery })),
  );
  return answers.flatMap(({ node, success, result }) =>
    success ? [{ ...(JSON.parse(result) as Replication), node }] : [],
  );
}
