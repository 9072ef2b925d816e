import type { Db } from '../session/connect.js';
import { addressSql } from '../session/address-sql.js';

/** Where a shard is now. */
export interface Placement {
  shardId: number;
  /** `host:port` of the primaries that hold it; one, unless the table is replicated. */
  nodes: string[];
  nodeIds: number[];
}

/** Present placements of shards; a shard that doesn't exist any more is not among them. */
export async function readPlacements(db: Db, shardIds: number[]): Promise<Placement[]> {
  return db.query<Placement>(
    `select p.shardid::int8::float8 as "shardId",
            array_agg(${addressSql('n')}) as nodes, array_agg(n.nodeid) as "nodeIds"
       from pg_dist_placement p join pg_dist_node n on n.groupid = p.groupid and n.noderole = 'primary'
      where p.shardid = any($1::bigint[]) group by p.shardid`,
    [shardIds],
  );
}

/** All shards of the group of a shard, and its tables. Catalog only: sizes would be asked of every node. */
export interface ShardGroupDetail {
  shardIds: number[];
  tables: string[];
}

/** Reads the group of a shard; undefined when the shard is gone. */
export async function readShardGroup(db: Db, shardId: number): Promise<ShardGroupDetail | undefined> {
  const [row] = await db.query<ShardGroupDetail>(
    `with anchor as (
       select s.shardminvalue, t.colocationid, s.logicalrelid from pg_dist_shard s join pg_dist_partition t using (logicalrelid)
        where s.shardid = $1)
     select array_agg(s.shardid::int8::float8 order by s.shardid) as "shardIds",
            array_agg(case when n.nspname = 'public' then '' else n.nspname || '.' end || c.relname order by s.shardid) as tables
       from anchor a
       join pg_dist_partition t on t.colocationid = a.colocationid and (a.colocationid <> 0 or t.logicalrelid = a.logicalrelid)
       join pg_dist_shard s on s.logicalrelid = t.logicalrelid and s.shardminvalue is not distinct from a.shardminvalue
       join pg_class c on c.oid = s.logicalrelid join pg_namespace n on n.oid = c.relnamespace
     having count(*) > 0`,
    [shardId],
  );
  return row;
}

/**
 * The statement that moves a shard with all its colocated ones. A shard that is there already is a warning. The mode
 * has no cast: naming its type takes USAGE on Citus's schema, which only superusers have.
 */
export const moveStatement = 'select citus_move_shard_placement($1, $2::int, $3::int, $4)';

/** The same for several shards, in one transaction. A logical move can't be made in one with others. */
export const moveTogetherStatement =
  'select citus_move_shard_placement(id, $2::int, $3::int, $4) from unnest($1::bigint[]) id';

/** A server process that makes a move, by its `application_name`. */
export async function findBackend(db: Db, applicationName: string): Promise<number | undefined> {
  const [row] = await db.query<{ pid: number }>(
    `select pid from pg_stat_activity
      where application_name = $1 and pid <> pg_backend_pid() and backend_type = 'client backend' and state = 'active' limit 1`,
    [applicationName],
  );
  return row?.pid;
}

/** The progress of a move in Citus's words; `lagBytes` is null before it catches up. */
export interface MoveProgress {
  phase: string;
  copiedBytes: number;
  bytes: number;
  lagBytes: number | null;
}

/**
 * Reads the progress of a running move; undefined when Citus tells nothing. Best effort: fails after 30 s while a node
 * is frozen.
 */
export function readMoveProgress(db: Db, shardIds: number[]): Promise<MoveProgress | undefined> {
  return readProgress(db, `(r->>'shardid')::bigint = any($1::bigint[])`, [shardIds]);
}

/** Reads the progress of a copy of reference tables, as {@link readMoveProgress} does. */
export function readCopyProgress(db: Db): Promise<MoveProgress | undefined> {
  return readProgress(db, `r->>'operation_type' = 'copy'`, []);
}

async function readProgress(db: Db, which: string, params: unknown[]): Promise<MoveProgress | undefined> {
  const [row] = await db.query<MoveProgress & { n: number }>(
    `select count(*)::int as n, (array_agg(r->>'status' order by (r->>'progress')::int))[1] as phase,
            coalesce(sum((r->>'target_shard_size')::numeric), 0)::float8 as "copiedBytes",
            coalesce(sum((r->>'source_shard_size')::numeric), 0)::float8 as bytes,
            sum(case when r->>'source_lsn' is not null and r->>'target_lsn' is not null
                     then (r->>'source_lsn')::pg_lsn - (r->>'target_lsn')::pg_lsn end)::float8 as "lagBytes"
       from (select to_jsonb(p) as r from get_rebalance_progress() p) all_moves
      where ${which}`,
    params,
  );
  return row && row.n > 0 ? row : undefined;
}
