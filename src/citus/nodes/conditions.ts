import type { Db } from '../session/db.js';
import { literal } from '../session/quote.js';
import { askEach } from './ask-each.js';
import { runOnNodes } from './node-settings.js';

/** The conditions on one server under which others work with it: what waits, fires or is kept there. */
export interface Conditions {
  node: string;
  /** The port that the server itself listens on. */
  port: number;
  /** `synchronous_standby_names`, where commits wait for them; null: they don't. */
  standbyNames: string | null;
  /** Standbys that count for it; null: the role may not know. */
  standbys: number | null;
  /** Event triggers that fire on what a move or a registration does. */
  eventTriggers: EventTrigger[];
  /** Base backups that run. */
  baseBackups: number;
  /** Logical slots of others in this database. */
  consumers: string[];
  /** Limit of the database; -1: none. */
  databaseLimit: number;
  databaseConnections: number;
  /** `max_slot_wal_keep_size`; null: no limit. */
  keptWalBytes: number | null;
  /** WAL that the server has written in a second, in the mean since its statistics were reset. */
  walBytesPerSecond: number;
}

/** An event trigger of somebody, as far as it is enabled for ordinary sessions. */
export interface EventTrigger {
  name: string;
  function: string;
  event: string;
}

/** Statements of moves and registrations that event triggers may fire on. */
const tags = [
  ...['CREATE TABLE', 'ALTER TABLE', 'DROP TABLE', 'CREATE INDEX', 'CREATE SCHEMA', 'CREATE SEQUENCE'],
  ...[
    'CREATE PUBLICATION',
    'DROP PUBLICATION',
    'CREATE SUBSCRIPTION',
    'ALTER SUBSCRIPTION',
    'DROP SUBSCRIPTION',
  ],
  ...['CREATE FUNCTION', 'CREATE TYPE', 'CREATE EXTENSION', 'GRANT'],
];

const conditionsQuery = `SELECT json_build_object(
  'port', current_setting('port')::int,
  'standbyNames', CASE WHEN current_setting('synchronous_commit') NOT IN ('off', 'local')
    THEN nullif(current_setting('synchronous_standby_names'), '') END,
  'standbys', CASE WHEN pg_has_role('pg_read_all_stats', 'usage')
    THEN (SELECT count(*) FROM pg_catalog.pg_stat_replication WHERE sync_state IN ('sync', 'quorum') AND state = 'streaming') END,
  'eventTriggers', (SELECT coalesce(json_agg(json_build_object('name', t.evtname, 'function', n.nspname || '.' || f.proname, 'event', t.evtevent) ORDER BY t.evtname), '[]')
    FROM pg_catalog.pg_event_trigger t JOIN pg_catalog.pg_proc f ON f.oid = t.evtfoid JOIN pg_catalog.pg_namespace n ON n.oid = f.pronamespace
    WHERE t.evtenabled IN ('O', 'A') AND (t.evttags IS NULL OR t.evttags && ARRAY[${tags.map(literal).join(', ')}])
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                       WHERE d.classid = 'pg_event_trigger'::regclass AND d.objid = t.oid AND d.deptype = 'e')),
  'baseBackups', (SELECT count(*) FROM pg_catalog.pg_stat_progress_basebackup),
  'consumers', (SELECT coalesce(json_agg(slot_name ORDER BY slot_name), '[]') FROM pg_catalog.pg_replication_slots
    WHERE slot_type = 'logical' AND database = current_database() AND slot_name !~ '^citus_'),
  'databaseLimit', (SELECT datconnlimit FROM pg_catalog.pg_database WHERE datname = current_database()),
  'databaseConnections', (SELECT count(*) - 1 FROM pg_catalog.pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend'),
  'keptWalBytes', (SELECT setting::bigint * 1024 * 1024 FROM pg_catalog.pg_settings WHERE name = 'max_slot_wal_keep_size' AND setting::bigint >= 0),
  'walBytesPerSecond', (SELECT wal_bytes / greatest(extract(epoch FROM now() - stats_reset), 1) FROM pg_catalog.pg_stat_wal)
)::text`;

/** Reads the conditions on each node that answers, over the coordinator's own connections. */
export async function readConditions(db: Db, nodes: string[]): Promise<Conditions[]> {
  const answers = await askEach(db, nodes, 15, (some) =>
    runOnNodes(
      db,
      some.map((node) => ({ node, command: conditionsQuery })),
    ),
  );
  return answers.flatMap((each) =>
    'success' in each && each.success
      ? [{ ...(JSON.parse(each.result) as Omit<Conditions, 'node'>), node: each.node }]
      : [],
  );
}

/**
 * Tries on nodes what a move does there that event triggers fire on, with a temporary table, and takes it back at once
 * within the same statement. Answers for each node on which it fails what it fails with.
 */
export async function tryDefinitions(db: Db, nodes: string[]): Promise<{ node: string; error: string }[]> {
  const answers = await runOnNodes(
    db,
    nodes.map((node) => ({ node, command: trial })),
  );
  return answers.flatMap(({ node, success, result }) =>
    success || /permission denied/.test(result) ? [] : [{ node, error: result.replace(/^ERROR:\s+/, '') }],
  );
}

const trial = `DO $trial$ BEGIN
  CREATE TEMPORARY TABLE citus_scaler_trial (id int);
  CREATE INDEX ON citus_scaler_trial (id);
  ALTER TABLE citus_scaler_trial ADD CHECK (id > 0);
  DROP TABLE citus_scaler_trial;
  RAISE EXCEPTION 'nothing of this is to stay' USING ERRCODE = 'CS001';
EXCEPTION WHEN SQLSTATE 'CS001' THEN NULL;
END $trial$`;

/** A backup that holds all changes of the cluster (`citus_cluster_changes_block`, of a later Citus). */
export interface ChangesBlock {
  state: string;
  since: string | null;
  /** Seconds after which Citus ends it. */
  atMostSeconds: number;
}

/** Reads whether something holds all changes of the cluster; undefined when nothing does, or this Citus knows none. */
export async function readChangesBlock(db: Db): Promise<ChangesBlock | undefined> {
  const [known] = await db.query<{ known: boolean }>(
    `SELECT to_regprocedure('pg_catalog.citus_cluster_changes_block_status()') IS NOT NULL AS known`,
  );
  if (!known?.known) return undefined;
  const [row] = await db.query<ChangesBlock>(
    `SELECT state, to_char(block_start_time AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS since,
            timeout_ms / 1000 AS "atMostSeconds" FROM pg_catalog.citus_cluster_changes_block_status()`,
  );
  return row && ['starting', 'active', 'releasing'].includes(row.state) ? row : undefined;
}
