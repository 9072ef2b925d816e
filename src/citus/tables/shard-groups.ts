import type { Db } from '../session/db.js';
import { within } from '../session/within.js';

/** The placement of one colocated shard group on one node group: what one move takes. */
export interface ShardGroup {
  /** 0 for tables that are colocated with nothing. */
  colocationId: number;
  shardIds: number[];
  /** `orders` for tables in `public`, else `schema.table`. For people, not for statements. */
  tables: string[];
  /** The primary of the node group; absent when `pg_dist_node` has none. */
  nodeId?: number;
  groupId: number;
  /** 0 for shards whose node doesn't answer. */
  bytes: number;
  /**
   * Whether a rebalance may move it. Reference tables and Citus local tables never move; groups with several
   * placements (replication factor above 1) aren't moved by us.
   */
  movable: boolean;
}

/**
 * Every placement of every shard group, with sizes. Grouped in the database: 100,000 shards are one row a group.
 * Joined by node group to its primary only, so that a registered standby counts nothing twice
 * (`citus_shards` does count it twice).
 *
 * Sizes come from `citus_shard_sizes()`, which asks every node; of a dead one it just leaves the shards out, and for
 * a table that someone holds an exclusive lock on it waits (measured).
 *
 * @param sizes false: all bytes are 0 and the answer comes from the catalog alone
 */
export async function readShardGroups(db: Db, sizes = true): Promise<ShardGroup[]> {
  const rows = await db.query<Omit<ShardGroup, 'nodeId'> & { nodeId: number | null }>(`
    WITH sizes AS MATERIALIZED (
      ${sizes ? sizesOfAll : noSizes}
    ), tables AS MATERIALIZED (
      SELECT t.logicalrelid, t.colocationid,
             CASE WHEN n.nspname = 'public' THEN '' ELSE n.nspname || '.' END || c.relname AS name,
             NOT (t.partmethod = 'n' AND (t.repmodel = 't' OR t.colocationid = 0)) AS movable
      FROM pg_catalog.pg_dist_partition t
      JOIN pg_catalog.pg_class c ON c.oid = t.logicalrelid
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    ), placed AS MATERIALIZED (
      SELECT shardid, groupid, count(*) OVER (PARTITION BY shardid) AS copies
      FROM pg_catalog.pg_dist_placement WHERE shardstate = 1
    )
    SELECT t.colocationid AS "colocationId", array_agg(s.shardid ORDER BY s.shardid) AS "shardIds",
           array_agg(DISTINCT t.name) AS tables, n.nodeid AS "nodeId", p.groupid AS "groupId",
           coalesce(sum(z.bytes), 0)::int8 AS bytes, bool_and(t.movable AND p.copies = 1) AS movable
    FROM placed p
    JOIN pg_catalog.pg_dist_shard s USING (shardid)
    JOIN tables t USING (logicalrelid)
    LEFT JOIN sizes z USING (shardid)
    LEFT JOIN pg_catalog.pg_dist_node n ON n.groupid = p.groupid AND n.noderole = 'primary'
    GROUP BY t.colocationid, s.shardminvalue, CASE WHEN t.colocationid = 0 THEN s.shardid END, p.groupid, n.nodeid
    ORDER BY 1, min(s.shardid), p.groupid`);
  return rows.map(({ nodeId, ...group }) => (nodeId === null ? group : { ...group, nodeId }));
}

const sizesOfAll =
  'SELECT shard_id AS shardid, max(size) AS bytes FROM pg_catalog.citus_shard_sizes() GROUP BY shard_id';
const noSizes = 'SELECT NULL::int8 AS shardid, 0::int8 AS bytes WHERE false';

/**
 * Reads shard groups with sizes when they come within so many seconds, else without. For those who look on; not inside
 * a transaction.
 */
export async function readShardGroupsWithin(
  db: Db,
  seconds: number,
): Promise<{ groups: ShardGroup[]; hasSizes: boolean }> {
  const groups = await within(db, seconds, () => readShardGroups(db));
  return groups ? { groups, hasSizes: true } : { groups: await readShardGroups(db, false), hasSizes: false };
}
