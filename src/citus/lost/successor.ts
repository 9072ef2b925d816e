import { readLocalGroup, readNodes, type ClusterNode } from '../nodes/nodes.js';
import { patroniSign } from '../patroni/sign.js';
import { readSystemIdentifier } from '../nodes/server-facts.js';
import type { Db } from '../session/db.js';

/** What a server tells of itself that may take the place of a dead worker: its standby, or one restored from its backup. */
export interface SuccessorFacts {
  /** Whether the database has the extension; without it the rest is unknown. */
  citus: boolean;
  inRecovery: boolean;
  superuser: boolean;
  systemIdentifier: string | null;
  /** The node group that it holds the shards of, by its own copy of the metadata. */
  localGroup: number | null;
  /** The nodes, by its own copy of the metadata. */
  nodes: ClusterNode[];
  /** Those of the shards asked for that it doesn't have. */
  missing: string[];
  /** Seconds since it got something of its primary last, by its own clock; null: not known. */
  heardSecondsAgo: number | null;
  /** Moment of that, ISO 8601 UTC. */
  heardAt: string | null;
  /** Bytes that it has received and not applied yet. */
  bytesToApply: number;
  /** The setting `synchronous_standby_names`: with it each commit waits, once the server takes writes. */
  synchronousStandbys: string;
  /** A sign that Patroni runs it; null for none. */
  patroni: string | null;
}

/**
 * Reads what the server connected to tells of itself. Nothing here needs a primary.
 *
 * @param shards that should be there, as statements name them
 */
export async function readSuccessor(db: Db, shards: readonly string[]): Promise<SuccessorFacts> {
  const [row] = await db.query<
    Pick<
      SuccessorFacts,
      'citus' | 'inRecovery' | 'superuser' | 'bytesToApply' | 'synchronousStandbys' | 'patroni'
    >
  >(
    `SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'citus') AS citus, pg_is_in_recovery() AS "inRecovery",
            (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS superuser,
            CASE WHEN pg_is_in_recovery() THEN greatest(0, coalesce(
              pg_wal_lsn_diff(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()), 0))::float8 ELSE 0 END AS "bytesToApply",
            current_setting('synchronous_standby_names') AS "synchronousStandbys", ${patroniSign} AS patroni`,
  );
  if (!row) throw new Error('the server answered nothing');
  const more = { systemIdentifier: await readSystemIdentifier(db), heardSecondsAgo: null, heardAt: null };
  if (!row.citus) return { ...row, ...more, localGroup: null, nodes: [], missing: [...shards] };
  return {
    ...row,
    ...more,
    // Files are listed for superusers and monitors only.
    ...(row.superuser ? await readHeard(db) : {}),
    localGroup: await readLocalGroup(db),
    nodes: await readNodes(db),
    missing: await readMissing(db, shards),
  };
}

/**
 * When a standby got something of its primary last: its newest transaction, or when the newest file of its WAL was written.
 * Files that come from an archive may be written long after, and once it is promoted it writes them itself. Then the newest
 * transaction alone tells; the server forgets that when it is started anew.
 */
async function readHeard(db: Db): Promise<Pick<SuccessorFacts, 'heardSecondsAgo' | 'heardAt'>> {
  const [row] = await db.query<Pick<SuccessorFacts, 'heardSecondsAgo' | 'heardAt'>>(
    `SELECT extract(epoch FROM clock_timestamp() - at)::float8 AS "heardSecondsAgo",
            to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS "heardAt"
       FROM (SELECT greatest(pg_last_xact_replay_timestamp(), (SELECT max(modification) FROM pg_ls_waldir()
                WHERE pg_is_in_recovery() AND name !~ '[.]'
                  AND coalesce(current_setting('restore_command', true), '') = '')) AS at) heard`,
  );
  return row ?? { heardSecondsAgo: null, heardAt: null };
}

async function readMissing(db: Db, shards: readonly string[]): Promise<string[]> {
  const rows = await db.query<{ shard: string }>(
    'SELECT shard FROM unnest($1::text[]) shard WHERE to_regclass(shard) IS NULL ORDER BY 1',
    [shards],
  );
  return rows.map(({ shard }) => shard);
}

/** All shards that a node group should have, copies of reference tables too, as statements name them. */
export async function readShardsOf(db: Db, groupId: number): Promise<string[]> {
  const rows = await db.query<{ shard: string }>(
    `SELECT CASE WHEN n.nspname = 'public' THEN 'public.' ELSE '' END || shard_name(s.logicalrelid, s.shardid) AS shard
       FROM pg_dist_placement p JOIN pg_dist_shard s USING (shardid)
       JOIN pg_class c ON c.oid = s.logicalrelid JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE p.groupid = $1 ORDER BY 1`,
    [groupId],
  );
  return rows.map(({ shard }) => shard);
}

/** A shard of each table that has one in a node group: `table` for people, `shard` for statements. */
export function readOneShardEach(db: Db, groupId: number): Promise<{ table: string; shard: string }[]> {
  return db.query(
    `SELECT DISTINCT ON (s.logicalrelid) CASE WHEN n.nspname = 'public' THEN '' ELSE n.nspname || '.' END || c.relname AS table,
            CASE WHEN n.nspname = 'public' THEN 'public.' ELSE '' END || shard_name(s.logicalrelid, s.shardid) AS shard
       FROM pg_dist_placement p JOIN pg_dist_shard s USING (shardid)
       JOIN pg_class c ON c.oid = s.logicalrelid JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE p.groupid = $1 ORDER BY s.logicalrelid, s.shardid`,
    [groupId],
  );
}

/** Unlogged tables with shards in a node group, largest number first: on a standby they are empty. */
export async function readUnlogged(db: Db, groupId: number): Promise<string[]> {
  const rows = await db.query<{ name: string }>(
    `SELECT DISTINCT CASE WHEN n.nspname = 'public' THEN '' ELSE n.nspname || '.' END || c.relname AS name
       FROM pg_dist_placement p JOIN pg_dist_shard s USING (shardid)
       JOIN pg_class c ON c.oid = s.logicalrelid JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE p.groupid = $1 AND c.relpersistence = 'u' ORDER BY 1`,
    [groupId],
  );
  return rows.map(({ name }) => name);
}

/** Registered standbys of a node group: `host:port`. Clones, which Citus registers beside them, are none. */
export async function readStandbys(db: Db, groupId: number): Promise<string[]> {
  const clones = await db.query<{ id: number }>(
    `SELECT nodeid AS id FROM pg_dist_node n WHERE to_jsonb(n) ->> 'nodeisclone' = 'true'`,
  );
  const nodes = await readNodes(db);
  return nodes
    .filter(
      ({ role, nodeId, ...node }) =>
        role === 'secondary' && node.groupId === groupId && !clones.some(({ id }) => id === nodeId),
    )
    .map(({ node }) => node);
}
