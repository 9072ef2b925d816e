import { readDirt, type Member } from '../new-server/dirt.js';
import { readServerFacts, type ServerFacts } from '../nodes/server-facts.js';
import type { Db } from '../session/db.js';

/** The schema on a returned server in which it is noted what was done there. It goes with the server's database. */
export const noteSchema = 'citus_scaler_salvage';

/** A table of which a returned server holds shards, by its own metadata. */
export interface HeldTable {
  /** As statements name it, the same at every node. */
  relation: string;
  /** `orders` for tables in `public`, else `schema.table`. For people. */
  table: string;
  isReference: boolean;
  /** Those of which no other node had a copy, and their tables there. */
  shards: { shardId: number; shard: string }[];
  /** All shards of the table, wherever they lay. */
  allShards: number[];
  /** Its columns, generated ones left out. */
  columns: string[];
}

/** A server that was a worker, and what it says of itself. */
export interface ReturnedServer {
  facts: ServerFacts;
  /** Nodes that it knows, or knew before it was fenced. */
  members: Member[];
  isFenced: boolean;
  /** Transactions that are prepared there. */
  prepared: string[];
  tables: HeldTable[];
}

/** Reads what the server connected to holds of the cluster that it was in. Partitioned tables have no rows of their own. */
export async function readReturned(db: Db): Promise<ReturnedServer> {
  const facts = await readServerFacts(db);
  if (facts.citus === null) return { facts, members: [], isFenced: false, prepared: [], tables: [] };
  const { members } = await readDirt(db);
  const saved = members.length > 0 ? [] : await readSavedMembers(db);
  const [row] = await db.query<Pick<ReturnedServer, 'prepared' | 'tables'>>(`
    SELECT (SELECT coalesce(json_agg(gid ORDER BY gid), '[]') FROM pg_catalog.pg_prepared_xacts WHERE database = current_database()) AS prepared,
           (SELECT coalesce(json_agg(t ORDER BY t.relation), '[]') FROM (
     SELECT format('%I.%I', n.nspname, c.relname) AS relation,
            CASE WHEN n.nspname = 'public' THEN '' ELSE n.nspname || '.' END || c.relname AS "table",
            t.partmethod = 'n' AND t.repmodel = 't' AS "isReference",
            (SELECT coalesce(json_agg(json_build_object('shardId', s.shardid, 'shard',
                      CASE WHEN n.nspname = 'public' THEN 'public.' ELSE '' END || shard_name(s.logicalrelid, s.shardid)) ORDER BY s.shardid), '[]')
               FROM pg_catalog.pg_dist_shard s WHERE s.logicalrelid = c.oid
                AND EXISTS (SELECT FROM pg_catalog.pg_dist_placement p JOIN pg_catalog.pg_dist_local_group g USING (groupid) WHERE p.shardid = s.shardid)
                AND NOT EXISTS (SELECT FROM pg_catalog.pg_dist_placement p, pg_catalog.pg_dist_local_group g WHERE p.shardid = s.shardid AND p.groupid <> g.groupid)) AS shards,
            (SELECT json_agg(s.shardid) FROM pg_catalog.pg_dist_shard s WHERE s.logicalrelid = c.oid) AS "allShards",
            (SELECT coalesce(json_agg(a.attname ORDER BY a.attnum), '[]') FROM pg_catalog.pg_attribute a
              WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '') AS columns
       FROM pg_catalog.pg_dist_partition t JOIN pg_catalog.pg_class c ON c.oid = t.logicalrelid
       JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind <> 'p' AND EXISTS (
        SELECT FROM pg_catalog.pg_dist_shard s JOIN pg_catalog.pg_dist_placement p USING (shardid)
          JOIN pg_catalog.pg_dist_local_group g USING (groupid) WHERE s.logicalrelid = c.oid)) t) AS tables`);
  return {
    facts,
    members: saved.length > 0 ? saved : members,
    isFenced: members.length === 0,
    prepared: row?.prepared ?? [],
    tables: row?.tables ?? [],
  };
}

async function readSavedMembers(db: Db): Promise<Member[]> {
  const [there] = await db.query<{ there: boolean }>(
    `SELECT EXISTS (SELECT FROM pg_catalog.pg_tables WHERE schemaname = $1 AND tablename = 'nodes') AS there`,
    [noteSchema],
  );
  if (!there?.there) return [];
  const [row] = await db.query<{ members: Member[] }>(
    `SELECT coalesce(json_agg(json_build_object('nodeId', node_id, 'groupId', group_id, 'node', node)), '[]') AS members FROM ${noteSchema}.nodes`,
  );
  return row?.members ?? [];
}
