import { addressSql } from '../session/address-sql.js';
import type { Db } from '../session/db.js';

/** A shard that has a copy elsewhere than in the node groups that are lost. */
export interface KeptShard {
  /** `orders` for tables in `public`, else `schema.table`. */
  table: string;
  shardId: number;
  /** `host:port` of a node that has it. */
  node: string;
  /** The shard as statements name it. */
  shard: string;
}

/**
 * The first shards of each of these tables that have a copy outside of some node groups.
 *
 * @param tables as {@link KeptShard.table} has them
 * @param groupIds the node groups that are lost
 * @param most shards of a table
 */
export function readKeptShards(
  db: Db,
  tables: readonly string[],
  groupIds: readonly number[],
  most: number,
): Promise<KeptShard[]> {
  return db.query<KeptShard>(
    `SELECT name AS "table", shardid AS "shardId", node, shard FROM (
       SELECT name, shardid, ${addressSql('d')} AS node,
              CASE WHEN nspname = 'public' THEN 'public.' ELSE '' END || shard_name(logicalrelid, shardid) AS shard,
              row_number() OVER (PARTITION BY logicalrelid ORDER BY shardid) AS nth
         FROM (SELECT s.logicalrelid, s.shardid, min(p.groupid) AS groupid, n.nspname,
                      CASE WHEN n.nspname = 'public' THEN '' ELSE n.nspname || '.' END || c.relname AS name
                 FROM pg_dist_shard s JOIN pg_dist_placement p USING (shardid)
                 JOIN pg_class c ON c.oid = s.logicalrelid JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE p.groupid <> ALL ($2) GROUP BY 1, 2, 4, 5) placed
         JOIN pg_dist_node d ON d.groupid = placed.groupid AND d.noderole = 'primary'
        WHERE name = ANY ($1)) numbered
      WHERE nth <= $3`,
    [tables, groupIds, most],
  );
}
