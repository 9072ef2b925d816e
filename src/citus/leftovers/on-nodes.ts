import type { Db } from '../session/db.js';
import { runOnNodes } from '../nodes/node-settings.js';
import { within } from '../session/within.js';
import { askEach } from '../nodes/ask-each.js';

/** A table that is named like a shard, and that its own node's metadata doesn't place there. */
export interface ShardLikeTable {
  schema: string;
  name: string;
  /** Quoted as Citus quotes it in `pg_dist_cleanup`. */
  qualified: string;
  oid: number;
  /** The number that its name ends in. */
  shardId: number;
  /** Bytes with indexes. */
  bytes: number;
  /** Bytes of the rows alone. */
  rowBytes: number;
  /** Every index of it ends in the number too, and there is one: Citus names those of shards so, people don't. */
  hasShardIndexes: boolean;
  hasPartitions: boolean;
}

/**
 * The things on a node that moves, or times before, may have left there. Whether they did is told by the coordinator.
 */
export interface NodeFindings {
  node: string;
  tables: ShardLikeTable[];
  /** Those that nobody reads from. */
  slots: string[];
  publications: string[];
  subscriptions: string[];
  /** Roles of subscriptions; none while another database of the server may be at it: roles are shared. */
  roles: string[];
  /** Transactions of Citus that were prepared more than a minute ago. */
  prepared: string[];
}

/** Without indexes and maps: those differ between copies with the same rows. */
function rowBytes(oid: string): string {
  return `(SELECT pg_relation_size(r.oid) + CASE r.reltoastrelid WHEN 0 THEN 0 ELSE pg_relation_size(r.reltoastrelid) END FROM pg_class r WHERE r.oid = ${oid})`;
}

const movePattern = `'^citus_shard_(move|split)_'`;
const databaseOid = `(SELECT oid FROM pg_database WHERE datname = current_database())`;

/**
 * The query of {@link NodeFindings}, one column of JSON. Citus hides shard tables from `pg_class`, but not from its
 * own sessions, which this runs in. A node without metadata names all of its shards.
 */
const findingsQuery = `SELECT json_build_object(
  'tables', (SELECT coalesce(json_agg(t), '[]') FROM (
     SELECT n.nspname AS schema, c.relname AS name, format('%I.%I', n.nspname, c.relname) AS qualified, c.oid::int8 AS oid,
            l.id AS "shardId", pg_total_relation_size(c.oid) AS bytes, ${rowBytes('c.oid')} AS "rowBytes",
            coalesce((SELECT bool_and(right(i.relname, length(l.suffix)) = l.suffix) FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
                       WHERE x.indrelid = c.oid), false) AS "hasShardIndexes",
            EXISTS (SELECT FROM pg_inherits WHERE inhparent = c.oid) AS "hasPartitions"
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace,
            LATERAL (SELECT substring(c.relname FROM '_([0-9]+)$')::int8 AS id, substring(c.relname FROM '_[0-9]+$') AS suffix) l
      WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND c.relname ~ '_[1-9][0-9]{5,17}$'
        AND n.nspname NOT IN ('pg_catalog', 'information_schema')
        AND NOT EXISTS (SELECT FROM pg_dist_partition p WHERE p.logicalrelid = c.oid)
        AND NOT EXISTS (SELECT FROM pg_dist_placement p JOIN pg_dist_local_group g USING (groupid) WHERE p.shardid = l.id)
        AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
      ORDER BY "hasPartitions", 1, 2 LIMIT 20000) t),
  'slots', (SELECT coalesce(json_agg(slot_name ORDER BY 1), '[]') FROM pg_replication_slots
             WHERE slot_name ~ ${movePattern} AND NOT active AND database = current_database()),
  'publications', (SELECT coalesce(json_agg(pubname ORDER BY 1), '[]') FROM pg_publication WHERE pubname ~ ${movePattern}),
  'subscriptions', (SELECT coalesce(json_agg(subname ORDER BY 1), '[]') FROM pg_subscription WHERE subname ~ ${movePattern} AND subdbid = ${databaseOid}),
  'roles', (SELECT coalesce(json_agg(rolname ORDER BY 1), '[]') FROM pg_roles r WHERE rolname ~ '^citus_shard_(move|split)_subscription_role_'
             AND NOT EXISTS (SELECT FROM pg_subscription s WHERE s.subowner = r.oid AND s.subdbid <> ${databaseOid})
             AND NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.datname <> current_database() AND a.application_name ~ '^citus_')),
  'prepared', (SELECT coalesce(json_agg(gid ORDER BY 1), '[]') FROM pg_prepared_xacts
                WHERE gid ~ '^citus_' AND database = current_database() AND prepared < now() - interval '1 minute')
)::text`;

/** The findings of a node, or why it could not be looked at. */
export type NodeLook = NodeFindings | { node: string; error: string };

/** Looks on each node. One that is frozen is asked by itself, so that only the silent are missing, and named. */
export async function readNodeFindings(db: Db, nodes: string[]): Promise<NodeLook[]> {
  return askEach(db, nodes, 20, (some) => ask(db, some));
}

async function ask(db: Db, nodes: string[]): Promise<NodeLook[]> {
  const answers = await runOnNodes(
    db,
    nodes.map((node) => ({ node, command: findingsQuery })),
  );
  return answers.map(({ node, success, result }) =>
    success
      ? { node, ...(JSON.parse(result) as Omit<NodeFindings, 'node'>) }
      : { node, error: result.split('\n')[0] ?? '' },
  );
}

/** Bytes of the rows of tables, by `node table`, as far as the nodes answer and have them. */
export async function readRowBytes(
  db: Db,
  tables: { node: string; qualified: string }[],
): Promise<Map<string, number>> {
  const byNode = new Map<string, string[]>();
  for (const { node, qualified } of tables) byNode.set(node, [...(byNode.get(node) ?? []), qualified]);
  const commands = [...byNode].map(([node, tables]) => ({ node, command: sizesQuery(tables) }));
  const answers = (await within(db, 20, () => runOnNodes(db, commands))) ?? [];
  const sizes = new Map<string, number>();
  for (const { node, success, result } of answers) {
    if (!success) continue;
    const rows = JSON.parse(result) as { qualified: string; bytes: number }[];
    for (const { qualified, bytes } of rows) sizes.set(`${node} ${qualified}`, bytes);
  }
  return sizes;
}

/** The query of row sizes. It avoids `to_regclass`, which fails in a schema that the role may not use. */
function sizesQuery(tables: string[]): string {
  const json = JSON.stringify(tables).replaceAll("'", "''");
  return `SELECT coalesce(json_agg(s), '[]')::text FROM (
    SELECT w.t AS qualified, ${rowBytes('c.oid')} AS bytes
      FROM json_array_elements_text('${json}') w(t)
      JOIN (SELECT c.oid, format('%I.%I', n.nspname, c.relname) AS qualified FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace) c
        ON c.qualified = w.t) s`;
}
