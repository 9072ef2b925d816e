import type { Db } from '../session/db.js';
import { askEach } from './ask-each.js';
import { runOnNodes } from './node-settings.js';
import { patroniSign } from '../patroni/sign.js';
import { readLoginReasons } from './refused-logins.js';

/** The resources that a server has for moves, and how much of each is taken. */
export interface Capacity {
  versionNum: number;
  citus: string | null;
  inRecovery: boolean;
  /** The node group that the server itself says it is; 0: the coordinator, or no node. */
  localGroup: number | null;
  walLevel: string;
  slots: number;
  slotsUsed: number;
  /** Replication origins, one for each subscription: a setting of their own from PostgreSQL 18 on; null before. */
  origins: number | null;
  originsUsed: number;
  senders: number;
  sendersUsed: number;
  workerProcesses: number;
  workerProcessesUsed: number;
  logicalWorkers: number;
  /** Subscriptions that are enabled, of anyone: each has such a worker. */
  logicalWorkersUsed: number;
  preparedMax: number;
  preparedUsed: number;
  /** Prepared transactions older than a minute, of anyone, ten at most: moves from the node wait for them for ever. */
  preparedOld: { gid: string; database: string }[];
  connectionsMax: number;
  /** Of them, those kept for superusers and other roles. */
  connectionsReserved: number;
  connectionsUsed: number;
  /** `citus.max_shared_pool_size`: sessions to one node; 0: `max_connections`, or the role may not know; -1: no limit. */
  poolMax: number;
  /** `citus.max_client_connections` of roles that are no superusers, and how many they have; -1: no limit. */
  clientsMax: number;
  clientsUsed: number;
  /** Milliseconds; 0 = none. */
  idleInTransactionTimeout: number;
  /** Seconds of the oldest transaction that has written, and its process; null when none is older than 30 s. */
  oldestWrite: { seconds: number; pid: number; tag: string } | null;
  diskAvailable: number | null;
  diskTotal: number | null;
  /** A sign that Patroni runs the server; null for none. */
  patroni: string | null;
}

/** What of `pg_stat_activity` takes no place of `max_worker_processes`, or only for a query. */
const notBackground = [
  ...[
    'client backend',
    'walsender',
    'walreceiver',
    'startup',
    'checkpointer',
    'background writer',
    'walwriter',
  ],
  ...['archiver', 'logger', 'autovacuum launcher', 'autovacuum worker', 'walsummarizer', 'slotsync worker'],
  ...['io worker', 'parallel worker', 'standalone backend'],
];

/** The query of {@link Capacity}, one column of JSON, so that it also runs through `master_run_on_worker`. */
const capacityQuery = `SELECT json_build_object(
  'versionNum', current_setting('server_version_num')::int,
  'citus', (SELECT extversion FROM pg_extension WHERE extname = 'citus'),
  'inRecovery', pg_catalog.pg_is_in_recovery(),
  'localGroup', (SELECT groupid FROM pg_catalog.pg_dist_local_group),
  'walLevel', current_setting('wal_level'),
  'slots', current_setting('max_replication_slots')::int,
  'slotsUsed', (SELECT count(*) FROM pg_replication_slots),
  'origins', current_setting('max_active_replication_origins', true)::int,
  'originsUsed', (SELECT count(*) FROM pg_subscription),
  'senders', current_setting('max_wal_senders')::int,
  'sendersUsed', (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'walsender'),
  'workerProcesses', current_setting('max_worker_processes')::int,
  'workerProcessesUsed', (SELECT count(*) FROM pg_stat_activity WHERE backend_type NOT IN (${notBackground.map((each) => `'${each}'`).join(', ')})),
  'logicalWorkersUsed', (SELECT count(*) FROM pg_subscription WHERE subenabled),
  'logicalWorkers', current_setting('max_logical_replication_workers')::int,
  'preparedMax', current_setting('max_prepared_transactions')::int,
  'preparedUsed', (SELECT count(*) FROM pg_prepared_xacts),
  'connectionsMax', current_setting('max_connections')::int,
  'connectionsReserved', current_setting('superuser_reserved_connections')::int + coalesce(current_setting('reserved_connections', true)::int, 0),
  'connectionsUsed', (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'),
  'poolMax', coalesce((SELECT setting::int FROM pg_settings WHERE name = 'citus.max_shared_pool_size'), 0),
  'clientsMax', coalesce((SELECT setting::int FROM pg_settings WHERE name = 'citus.max_client_connections'), -1),
  'clientsUsed', (SELECT count(*) FROM pg_stat_activity a JOIN pg_roles r ON r.oid = a.usesysid AND NOT r.rolsuper
     WHERE a.backend_type = 'client backend' AND a.application_name !~ '^citus_[a-z_]+ gpid='),
  'idleInTransactionTimeout', (SELECT setting::int FROM pg_settings WHERE name = 'idle_in_transaction_session_timeout'),
  'patroni', ${patroniSign},
  'preparedOld', (SELECT coalesce(json_agg(json_build_object('gid', gid, 'database', database)), '[]') FROM
     (SELECT gid, database FROM pg_prepared_xacts WHERE prepared < now() - interval '1 minute' ORDER BY prepared LIMIT 10) p),
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
