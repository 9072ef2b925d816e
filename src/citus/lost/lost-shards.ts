import type { Db } from '../session/db.js';

/** A shard of which every copy lies in some node groups. */
export interface LostShard {
  shardId: number;
  /** `orders` for tables in `public`, else `schema.table`. For people, not for statements. */
  table: string;
  /** The table and the shard as statements name them. */
  relation: string;
  shard: string;
  owner: string;
  /** The key by which the table is partitioned; null for one that isn't. */
  partitionKey: string | null;
  colocationId: number;
  /** Its hash range; null where the table has none. */
  min: string | null;
  max: string | null;
}

/**
 * The shards of which every copy lies in these node groups, reference tables left out: what is lost with them. In the
 * order of their ids.
 */
export function readLostShards(db: Db, groupIds: readonly number[]): Promise<LostShard[]> {
  return db.query<LostShard>(
    `SELECT s.shardid AS "shardId",
            CASE WHEN n.nspname = 'public' THEN '' ELSE n.nspname || '.' END || c.relname AS table,
            format('%I.%I', n.nspname, c.relname) AS relation,
            -- Of tables in public shard_name() leaves the schema out.
            CASE WHEN n.nspname = 'public' THEN 'public.' ELSE '' END || shard_name(s.logicalrelid, s.shardid) AS shard,
            quote_ident(pg_get_userbyid(c.relowner)) AS owner,
            pg_get_partkeydef(s.logicalrelid) AS "partitionKey", t.colocationid AS "colocationId",
            s.shardminvalue AS min, s.shardmaxvalue AS max
       FROM pg_dist_shard s JOIN pg_dist_partition t USING (logicalrelid)
       JOIN pg_class c ON c.oid = s.logicalrelid JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE NOT (t.partmethod = 'n' AND t.repmodel = 't')
        AND EXISTS (SELECT FROM pg_dist_placement p WHERE p.shardid = s.shardid AND p.groupid = ANY ($1))
        AND NOT EXISTS (SELECT FROM pg_dist_placement p WHERE p.shardid = s.shardid AND p.groupid <> ALL ($1))
      ORDER BY s.shardid`,
    [groupIds],
  );
}

/** How many shards each table has, by the name that {@link LostShard.table} has. */
export async function countShardsByTable(db: Db): Promise<Map<string, number>> {
  const rows = await db.query<{ name: string; shards: number }>(
    `SELECT CASE WHEN n.nspname = 'public' THEN '' ELSE n.nspname || '.' END || c.relname AS name, count(*)::int AS shards
       FROM pg_dist_shard s JOIN pg_class c ON c.oid = s.logicalrelid JOIN pg_namespace n ON n.oid = c.relnamespace
      GROUP BY 1`,
  );
  return new Map(rows.map(({ name, shards }) => [name, shards]));
}

/** Colocated shards of one hash range count as one. */
export function countGroups(shards: readonly LostShard[]): number {
  return new Set(
    shards.map(({ colocationId, min, shardId }) =>
      colocationId === 0 ? `shard ${shardId}` : `${colocationId} ${min ?? ''}`,
    ),
  ).size;
}

/** All shards that go together with these: colocated ones of the same hash range. */
export function readColocated(
  db: Db,
  shardIds: readonly number[],
): Promise<{ shardId: number; table: string }[]> {
  return db.query<{ shardId: number; table: string }>(
    `SELECT DISTINCT s.shardid AS "shardId",
            CASE WHEN n.nspname = 'public' THEN '' ELSE n.nspname || '.' END || c.relname AS "table"
       FROM pg_dist_shard o JOIN pg_dist_partition ot ON ot.logicalrelid = o.logicalrelid
       JOIN pg_dist_partition t ON t.colocationid = ot.colocationid
       JOIN pg_dist_shard s ON s.logicalrelid = t.logicalrelid
       JOIN pg_class c ON c.oid = s.logicalrelid JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE o.shardid = ANY ($1)
        AND CASE WHEN t.colocationid = 0 THEN s.shardid = o.shardid ELSE s.shardminvalue IS NOT DISTINCT FROM o.shardminvalue END`,
    [shardIds],
  );
}
