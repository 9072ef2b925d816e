import type { Db } from '../session/db.js';
import { addressSql } from '../session/address-sql.js';
import { hasCatalogTable } from '../session/has-table.js';

/** A row of `pg_dist_cleanup`: an object that Citus will drop later. */
export interface CleanupRow {
  operationId: number;
  /** 1 is a shard table. */
  objectType: number;
  name: string;
  groupId: number;
  /** Whether a node of that group is registered; else the row stays for ever, and Citus passes it over in silence. */
  live: boolean;
}

/**
 * Reads `pg_dist_cleanup`.
 *
 * @returns undefined for Citus before 11.2, which has no such table
 */
export async function readCleanupRows(db: Db): Promise<CleanupRow[] | undefined> {
  if (!(await hasCatalogTable(db, 'pg_dist_cleanup'))) return undefined;
  return db.query<CleanupRow>(`
    SELECT c.operation_id AS "operationId", c.object_type AS "objectType", c.object_name AS name, c.node_group_id AS "groupId",
           EXISTS (SELECT FROM pg_catalog.pg_dist_node n WHERE n.groupid = c.node_group_id AND n.noderole = 'primary') AS live
      FROM pg_catalog.pg_dist_cleanup c ORDER BY c.record_id`);
}

/** A shard of the catalog, and where its copies are. */
export interface KnownShard {
  shardId: number;
  schema: string;
  /** The name of its tables. */
  name: string;
  /** Node groups; the node is missing when the group has none. */
  placements: { groupId: number; node: string | null }[];
}

/** Reads those of these shards that the catalog has, with their placements. */
export async function readKnownShards(db: Db, shardIds: number[]): Promise<KnownShard[]> {
  return db.query<KnownShard>(
    `SELECT s.shardid AS "shardId", n.nspname::text AS schema, i.parts[cardinality(i.parts)] AS name,
            (SELECT coalesce(json_agg(json_build_object('groupId', p.groupid, 'node', ${addressSql('d')})), '[]')
               FROM pg_catalog.pg_dist_placement p
               LEFT JOIN pg_catalog.pg_dist_node d ON d.groupid = p.groupid AND d.noderole = 'primary'
              WHERE p.shardid = s.shardid) AS placements
       FROM pg_catalog.pg_dist_shard s JOIN pg_catalog.pg_class c ON c.oid = s.logicalrelid
       JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace,
            LATERAL (SELECT parse_ident(shard_name(s.logicalrelid, s.shardid)) AS parts) i
      WHERE s.shardid = ANY ($1::int8[])`,
    [shardIds],
  );
}

/**
 * The numbers that tell a shard's table from somebody's own: the last one given so far, and tables that are
 * distributed themselves.
 */
export interface ShardNumbers {
  last: number;
  /** Those of the tables asked for that are distributed. */
  distributed: string[];
}

/**
 * Reads the shard numbers given so far. A role that may not read the sequence sees no value; then the largest number
 * in use has to do.
 */
export async function readShardNumbers(db: Db, qualified: string[]): Promise<ShardNumbers> {
  const [row] = await db.query<ShardNumbers>(
    `SELECT coalesce((SELECT last_value FROM pg_catalog.pg_sequences WHERE schemaname = 'pg_catalog' AND sequencename = 'pg_dist_shardid_seq'),
                     (SELECT max(shardid) FROM pg_catalog.pg_dist_shard), 0) AS last,
            (SELECT coalesce(array_agg(w.t), '{}') FROM unnest($1::text[]) w(t) WHERE w.t IN (
              SELECT format('%I.%I', n.nspname, c.relname) FROM pg_catalog.pg_dist_partition p
                JOIN pg_catalog.pg_class c ON c.oid = p.logicalrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace)) AS distributed`,
    [qualified],
  );
  return row ?? { last: 0, distributed: [] };
}

/** Placements in groups that have no node: nobody can read them. */
export async function readLostPlacements(
  db: Db,
): Promise<{ groupId: number; shards: number; example: string }[]> {
  return db.query(`
    SELECT p.groupid AS "groupId", count(*)::int AS shards, min(s.logicalrelid::regclass::text || ', shard ' || s.shardid) AS example
      FROM pg_catalog.pg_dist_placement p JOIN pg_catalog.pg_dist_shard s USING (shardid)
     WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_dist_node n WHERE n.groupid = p.groupid)
     GROUP BY 1 ORDER BY 1`);
}

/** Reads which of these names of `pg_dist_cleanup` are of shards that a move may take: it would fail. */
export async function readPoisonedShards(db: Db, names: string[]): Promise<string[]> {
  const rows = await db.query<{ name: string }>(
    `SELECT DISTINCT x.name FROM unnest($1::text[]) x(name)
       JOIN pg_catalog.pg_dist_shard s ON s.shardid = substring(x.name FROM '_([0-9]{1,18})"?$')::int8
       JOIN pg_catalog.pg_dist_partition t USING (logicalrelid)
      WHERE NOT (t.partmethod = 'n' AND t.colocationid = 0) ORDER BY 1`,
    [names],
  );
  return rows.map(({ name }) => name);
}
