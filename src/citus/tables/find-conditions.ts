import type { Db } from '../session/db.js';
import { literal } from '../session/quote.js';
import { askEach } from '../nodes/ask-each.js';
import { runOnNodes } from '../nodes/node-settings.js';
import { conditionIds, conditionOf, type ConditionId } from './conditions.js';
import { answerIn, uncompiled } from './uncompiled.js';

/** A condition that was met: by a table, or by some of its shards on a node. */
export interface Finding {
  condition: ConditionId;
  /** As SQL spells it. */
  table: string;
  /** As {@link ShardGroup} calls it. */
  label: string;
  /** The object that it is about, such as an index or a column; may be empty. */
  object: string;
  /** The statement that mends it. */
  mend: string | null;
  /** 0 for tables that are colocated with nothing. */
  colocationId: number;
  /** Whether it is a reference table: it is copied, and never moves. */
  reference: boolean;
  /** Where it was found, when it was found in shards and not in the table itself. */
  at?: { node: string; shardIds: number[] };
}

/** What was found, and the nodes that could not be looked at. */
export interface Findings {
  findings: Finding[];
  unseen: string[];
}

/**
 * Looks for every condition, in the tables on the coordinator and in their shards on these nodes: one statement each,
 * over the coordinator's own connections, which shards aren't hidden from.
 *
 * @param shardIds only these shards and their tables; absent: all
 */
export async function findConditions(db: Db, nodes: string[], shardIds?: number[]): Promise<Findings> {
  const tables = await db.query<Omit<Finding, 'at'>>(tablesQuery(shardIds));
  const command = uncompiled(shardsQuery(shardIds, await readBrokenIndexes(db)));
  const answers = await askEach(db, nodes, 20, (some) =>
    runOnNodes(
      db,
      some.map((node) => ({ node, command })),
    ),
  );
  const inShards = answers.flatMap((answer) =>
    'success' in answer && answer.success
      ? (JSON.parse(answerIn(answer.result)) as InShards[]).map((each) => findingOf(answer.node, each))
      : [],
  );
  const known = new Set(tables.map(({ condition, table }) => `${condition} ${table}`));
  return {
    findings: [...tables, ...inShards.filter(({ condition, table }) => !known.has(`${condition} ${table}`))],
    unseen: answers.flatMap((answer) => ('success' in answer && answer.success ? [] : [answer.node])),
  };
}

type InShards = Omit<Finding, 'at'> & { shardIds: number[] };

function findingOf(node: string, { shardIds, ...finding }: InShards): Finding {
  return { ...finding, at: { node, shardIds } };
}

const label = `CASE WHEN n.nspname = 'public' THEN '' ELSE n.nspname || '.' END || h.relname`;

/** Tables that never move, and that nobody copies: Citus local ones. */
const isLocal = `d.partmethod = 'n' AND d.repmodel <> 't' AND d.colocationid = 0`;

function tablesQuery(shardIds?: number[]): string {
  return `
    WITH t AS MATERIALIZED (
      SELECT d.logicalrelid::oid AS oid, format('%I.%I', n.nspname, h.relname) AS name, ${label} AS label, d.colocationid AS colocation,
             d.partmethod = 'n' AND d.repmodel = 't' AS reference
        FROM pg_catalog.pg_dist_partition d JOIN pg_catalog.pg_class h ON h.oid = d.logicalrelid
        JOIN pg_catalog.pg_namespace n ON n.oid = h.relnamespace
       WHERE NOT (${isLocal}) ${shardIds ? `AND d.logicalrelid IN (SELECT s.logicalrelid FROM pg_catalog.pg_dist_shard s WHERE ${among(shardIds)})` : ''})
    SELECT f.condition, t.name AS table, t.label, f.object, f.mend, t.colocation AS "colocationId", t.reference
      FROM t JOIN pg_catalog.pg_class c ON c.oid = t.oid, LATERAL (${objectsAt('tables')}) f(condition, object, mend)
     ORDER BY 1, 2, 3`;
}

/** Tables and shards are known to a node with metadata, its own group too. */
function shardsQuery(shardIds: number[] | undefined, broken: BrokenIndexes[]): string {
  return `
    WITH b AS (SELECT * FROM json_to_recordset(${literal(JSON.stringify(broken))}) AS b(name text, uniques int, broken text, mend text)),
    t AS MATERIALIZED (
      SELECT t.*, b.uniques, b.broken, b.mend FROM (${ownShards(shardIds)}) t LEFT JOIN b USING (name) WHERE NOT t.reference),
    f AS (
      SELECT f.condition, t.name AS table, t.label, f.object, f.mend, t.colocation AS "colocationId", false AS reference, t.shardid
        FROM t LEFT JOIN pg_catalog.pg_class c ON c.oid = t.oid, LATERAL (${objectsAt('shards')}) f(condition, object, mend))
    SELECT coalesce(json_agg(a ORDER BY a.condition, a.table, a.object), '[]')::text AS answer
      FROM (SELECT condition, "table", label, object, mend, "colocationId", reference,
                   json_agg(shardid ORDER BY shardid) AS "shardIds" FROM f GROUP BY 1, 2, 3, 4, 5, 6, 7) a`;
}

/** SQL: the shards of a node, as it knows them itself, with the tables that they are of; its copies of reference tables always. */
export function ownShards(shardIds?: number[]): string {
  return `
      SELECT h.oid AS shell, s.shardid, format('%I.%I', n.nspname, h.relname) AS name, quote_ident(h.relname) AS alias, ${label} AS label,
             d.colocationid AS colocation, d.partmethod = 'n' AND d.repmodel = 't' AS reference,
             to_regclass(CASE n.nspname WHEN 'public' THEN 'public.' ELSE '' END || shard_name(s.logicalrelid, s.shardid))::oid AS oid
        FROM pg_catalog.pg_dist_shard s JOIN pg_catalog.pg_dist_placement p USING (shardid)
        JOIN pg_catalog.pg_dist_local_group g ON g.groupid = p.groupid
        JOIN pg_catalog.pg_dist_partition d USING (logicalrelid) JOIN pg_catalog.pg_class h ON h.oid = d.logicalrelid
        JOIN pg_catalog.pg_namespace n ON n.oid = h.relnamespace
       WHERE NOT (${isLocal}) ${shardIds ? `AND (d.repmodel = 't' OR ${among(shardIds)})` : ''}`;
}

function among(shardIds: number[]): string {
  return `s.shardid = ANY ('{${shardIds.map(Number).join(',')}}'::bigint[])`;
}

/** One condition after another, as a row each: its id, its object and what mends it. */
function objectsAt(place: 'tables' | 'shards'): string {
  return conditionIds
    .filter((id) => (conditionOf(id).at ?? place) === place)
    .map((id) => `SELECT '${id}', o.* FROM (${conditionOf(id).objects}) o(object, mend)`)
    .join('\nUNION ALL ');
}

interface BrokenIndexes {
  name: string;
  uniques: number;
  broken: string;
  mend: string;
}

/**
 * Tables with a unique index that a failed CREATE INDEX CONCURRENTLY has left invalid. Workers don't know it, and it
 * may be on some shards only; a move makes it on all the same. Without IF EXISTS, dropping it fails where it isn't.
 */
function readBrokenIndexes(db: Db): Promise<BrokenIndexes[]> {
  return db.query<BrokenIndexes>(`
    SELECT format('%I.%I', n.nspname, c.relname) AS name, count(*)::int AS uniques,
           string_agg(i.indexrelid::regclass::text, ', ') FILTER (WHERE NOT i.indisvalid) AS broken,
           string_agg(format('DROP INDEX CONCURRENTLY IF EXISTS %s', i.indexrelid::regclass), '; ') FILTER (WHERE NOT i.indisvalid) AS mend
      FROM pg_catalog.pg_dist_partition d JOIN pg_catalog.pg_class c ON c.oid = d.logicalrelid AND c.relkind = 'r'
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_catalog.pg_index i ON i.indrelid = c.oid AND (i.indisunique OR i.indisexclusion)
     GROUP BY 1 HAVING bool_or(NOT i.indisvalid)`);
}
