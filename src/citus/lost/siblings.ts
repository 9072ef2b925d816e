import { runOnNodes } from '../nodes/node-settings.js';
import type { Db } from '../session/db.js';
import { literal } from '../session/quote.js';
import { readKeptShards, type KeptShard } from './kept-shards.js';

/** Means over some shards of a table that are still there. */
export interface ShardMeans {
  /** Absent when none was ever analysed. */
  rows?: number;
  bytes: number;
}

/** Shards of each table that are looked at: enough for a mean. */
const mostAsked = 20;

/** A shard with what it holds. `rows` is -1 where nothing is known. */
export type ShardFigures = KeptShard & { rows: number; bytes: number };

/**
 * What a shard of each of these tables holds in the mean, by those on nodes that answer. Tables of which no shard is left
 * there are not in the answer. Rows are estimates: nothing is counted.
 *
 * @param tables as {@link LostShard.table} has them
 * @param groupIds the node groups that are lost
 */
export async function readShardMeans(
  db: Db,
  tables: readonly string[],
  groupIds: readonly number[],
): Promise<Map<string, ShardMeans>> {
  const figures = await readShardFigures(db, await readKeptShards(db, tables, groupIds, mostAsked));
  return new Map(
    tables.flatMap((table): [string, ShardMeans][] => {
      const own = figures.filter((each) => each.table === table);
      const analysed = own.filter(({ rows }) => rows >= 0);
      if (own.length === 0) return [];
      const bytes = mean(own.map((each) => each.bytes));
      return [
        [table, { bytes, ...(analysed.length > 0 && { rows: mean(analysed.map(({ rows }) => rows)) }) }],
      ];
    }),
  );
}

/**
 * Rows and bytes of shards. Rows are what the planner's estimate and the counters of the server say, the larger of both: a
 * table that was never analysed has no estimate, and a crash sets the counters to 0. Shards of nodes that don't answer are
 * left out.
 */
export async function readShardFigures(db: Db, shards: readonly KeptShard[]): Promise<ShardFigures[]> {
  const nodes = [...new Set(shards.map(({ node }) => node))];
  const answers = await runOnNodes(
    db,
    nodes.map((node) => ({
      node,
      command: `SELECT coalesce(json_agg(json_build_array(v.shard, greatest(c.reltuples, nullif(pg_stat_get_live_tuples(c.oid), 0)), pg_total_relation_size(c.oid))), '[]')::text
        FROM (VALUES ${shards.flatMap((each) => (each.node === node ? [`(${literal(each.shard)})`] : [])).join(', ')}) v(shard)
        JOIN pg_class c ON c.oid = to_regclass(v.shard)`,
    })),
  );
  return answers.flatMap(({ node, success, result }) => {
    if (!success) return [];
    const rows = JSON.parse(result) as [shard: string, rows: number, bytes: number][];
    const figureOf = new Map(rows.map(([shard, count, bytes]) => [shard, { rows: count, bytes }]));
    return shards.flatMap((each) => {
      const figure = each.node === node ? figureOf.get(each.shard) : undefined;
      return figure ? [{ ...each, ...figure }] : [];
    });
  });
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
