import { NodeSilentError } from '../nodes/node-answers.js';
import { runOnNodes } from '../nodes/node-settings.js';
import type { Db } from '../session/db.js';
import { literal } from '../session/quote.js';

/** What the catalog of a node says of a shard, a line a fact; the numbers of shards in names are left out. */
export type ShardCatalog = ReadonlySet<string>;

/**
 * Reads what nodes' catalogs say of shards: columns, defaults, constraints, indexes, triggers, policies, grants, owner,
 * options, statistics, partition bounds. Two shards of a table say the same.
 *
 * @throws when a node doesn't answer
 */
export async function readShardCatalogs(
  db: Db,
  shards: readonly { node: string; shard: string }[],
): Promise<Map<string, ShardCatalog>> {
  const nodes = [...new Set(shards.map(({ node }) => node))];
  const answers = await runOnNodes(
    db,
    nodes.map((node) => ({
      node,
      command: catalogQuery(shards.flatMap((each) => (each.node === node ? [each.shard] : []))),
    })),
  );
  return new Map(
    answers.flatMap(({ node, success, result }) => {
      if (!success) throw new NodeSilentError(node, result);
      const rows = JSON.parse(result) as [shard: string, facts: string[]][];
      return rows.map(([shard, facts]) => [shard, new Set(facts)] as const);
    }),
  );
}

/** The facts that differ between two shards, with a sign for who has each: `-` the first, `+` the second. */
export function differences(one: ShardCatalog, other: ShardCatalog): string[] {
  return [
    ...[...one].filter((fact) => !other.has(fact)).map((fact) => `- ${fact}`),
    ...[...other].filter((fact) => !one.has(fact)).map((fact) => `+ ${fact}`),
  ];
}

/** One column of JSON: a shard, and its facts. A shard that isn't there has none. */
function catalogQuery(shards: readonly string[]): string {
  // Numbers at the end of names are those of shards, or the same in all shards of a table.
  const bare = (expression: string): string =>
    `regexp_replace(${expression}, '_[0-9]+(?![0-9A-Za-z_])', '', 'g')`;
  // pg_attver counts when a column was made: it is another in each shard.
  return `SELECT coalesce(json_agg(json_build_array(v.shard, coalesce((SELECT json_agg(f.fact) FROM (
      SELECT 'table ' || ${bare(`concat_ws(' ', c.relkind, c.relpersistence, c.relreplident, c.relrowsecurity, c.relforcerowsecurity,
               pg_get_userbyid(c.relowner), (SELECT amname FROM pg_am WHERE oid = c.relam), c.reloptions::text, c.relacl::text,
               'in', (SELECT i.inhparent::regclass::text FROM pg_inherits i WHERE i.inhrelid = c.oid), pg_get_expr(c.relpartbound, c.oid), pg_get_partkeydef(c.oid))`)} AS fact
      UNION ALL
      SELECT 'column ' || ${bare(`concat_ws(' ', a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attgenerated,
               a.attstorage, a.attcompression, a.attcollation::regcollation::text, a.attacl::text,
               (SELECT array_agg(o ORDER BY o)::text FROM unnest(a.attoptions) o WHERE o !~ '^pg_attver='),
               (SELECT pg_get_expr(d.adbin, d.adrelid) FROM pg_attrdef d WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum))`)}
        FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
      UNION ALL
      SELECT 'constraint ' || ${bare(`concat_ws(' ', k.conname, pg_get_constraintdef(k.oid), k.convalidated)`)} FROM pg_constraint k WHERE k.conrelid = c.oid
      UNION ALL
      SELECT 'index ' || ${bare(`concat_ws(' ', pg_get_indexdef(i.indexrelid), i.indisvalid, i.indisreplident, i.indisclustered)`)} FROM pg_index i WHERE i.indrelid = c.oid
      UNION ALL
      SELECT 'trigger ' || ${bare(`concat_ws(' ', pg_get_triggerdef(t.oid), t.tgenabled)`)} FROM pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal
      UNION ALL
      SELECT 'policy ' || ${bare(`concat_ws(' ', p.polname, p.polcmd, p.polpermissive, p.polroles::regrole[]::text, pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))`)}
        FROM pg_policy p WHERE p.polrelid = c.oid
      UNION ALL
      SELECT 'statistics ' || ${bare('pg_get_statisticsobjdef(s.oid)')} FROM pg_statistic_ext s WHERE s.stxrelid = c.oid) f), '[]'::json))), '[]'::json)::text
    FROM (VALUES ${shards.map((shard) => `(${literal(shard)})`).join(', ')}) v(shard)
    LEFT JOIN pg_class c ON c.oid = to_regclass(v.shard)`;
}
