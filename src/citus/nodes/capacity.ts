import type { Db } from '../session/db.js';
import { askEach } from './ask-each.js';
import { runOnNodes } from './node-settings.js';
import { patroniSign } from './patroni.js';
import { readLoginReasons } from './refused-logins.js';

/** The resources that a server has for moves, and how much of each is taken. */
export interface Capacity {
  versionNum: number;
  citus: string | null;
  walLevel: string;
  slots: number;
  slotsUsed: number;
  /** Replication origins, one for each subscription: a setting of their own from PostgreSQL 18 on; null before. */
  origins: number | null;
  originsUsed: number;
  senders: number;
  sendersUsed: number;
  workerProcesses: number;
  logicalWorkers: number;
  preparedMax: number;
  preparedUsed: number;
  /** Prepared transactions older than a minute, of anyone: moves from the node wait for them for ever. */
  preparedOld: number;
  connectionsMax: number;
  connectionsUsed: number;
  /** Milliseconds; 0 = none. */
  idleInTransactionTimeout: number;
  /** Seconds of the oldest transaction that has written, and its process; null when none is older than 30 s. */
  oldestWrite: { seconds: number; pid: number; tag: string } | null;
  diskAvailable: number | null;
  diskTotal: number | null;
  /** A sign that Patroni runs the server; null for none. */
  patroni: string | null;
}

/** The query of {@link Capacity}, one column of JSON, so that it also runs through `master_run_on_worker`. */
const capacityQuery = `SELECT json_build_object(
  'versionNum', current_setting('server_version_num')::int,
  'citus', (SELECT extversion FROM pg_extension WHERE extname = 'citus'),
  'walLevel', current_setting('wal_level'),
  'slots', current_setting('max_replication_slots')::int,
  'slotsUsed', (SELECT count(*) FROM pg_replication_slots),
  'origins', current_setting('max_active_replication_origins', true)::int,
  'originsUsed', (SELECT count(*) FROM pg_subscription),
  'senders', current_setting('max_wal_senders')::int,
  'sendersUsed', (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'walsender'),
  'workerProcesses', current_setting('max_worker_processes')::int,
  'logicalWorkers', current_setting('max_logical_replication_workers')::int,
  'preparedMax', current_setting('max_prepared_transactions')::int,
  'preparedUsed', (SELECT count(*) FROM pg_prepared_xacts),
  'connectionsMax', current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int,
  'connectionsUsed', (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'),
  'idleInTransactionTimeout', (SELECT setting::int FROM pg_settings WHERE name = 'idle_in_transaction_session_timeout'),
  'patroni', ${patroniSign},
  'preparedOld', (SELECT count(*) FROM pg_prepared_xacts WHERE prepared < now() - interval '1 minute'),
  'oldestWrite', (SELECT json_build_object('seconds', extract(epoch FROM now() - xact_start)::int, 'pid', pid, 'tag', coalesce(substring(upper(query) FROM '^\\s*([A-Z]+)'), state))
     FROM pg_stat_activity WHERE backend_xid IS NOT NULL AND backend_type = 'client backend' AND pid <> pg_backend_pid()
      AND xact_start < now() - interval '30 seconds' AND application_name NOT LIKE 'citus-scaler:%' ORDER BY xact_start LIMIT 1),
  'diskAvailable', (SELECT available_disk_size FROM citus_local_disk_space_stats()),
  'diskTotal', (SELECT total_disk_size FROM citus_local_disk_space_stats())
)::text`;

/** The capacity of a node, or why it could not be read. */
export type NodeCapacity = { node: string; capacity: Capacity } | { node: string; error: string };

/** Capacity of the server connected to. */
export async function readCapacity(db: Db): Promise<Capacity> {
  const [row] = await db.query<{ json_build_object: string }>(capacityQuery);
  return JSON.parse(row?.json_build_object ?? '{}') as Capacity;
}

/**
 * Capacity of each node, over the coordinator's own connections; an error for one that doesn't answer: why the
 * coordinator can't log in there, where that is known.
 */
export async function readCapacities(db: Db, nodes: string[]): Promise<NodeCapacity[]> {
  const answers = await askEach(db, nodes, 15, (some) => ask(db, some));
  const silent = answers.flatMap((each) => ('error' in each ? [each.node] : []));
  if (silent.length === 0) return answers;
  const reasons = await readLoginReasons(db, silent);
  return answers.map((each) =>
    'error' in each ? { node: each.node, error: reasons.get(each.node) ?? each.error } : each,
  );
}

async function ask(db: Db, nodes: string[]): Promise<NodeCapacity[]> {
  const answers = await runOnNodes(
    db,
    nodes.map((node) => ({ node, command: capacityQuery })),
  );
  return answers.map(({ node, success, result }) =>
    success ? { node, capacity: JSON.parse(result) as Capacity } : { node, error: result },
  );
}
