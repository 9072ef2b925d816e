import { createHash } from 'node:crypto';
import { countGroups, countShardsByTable, type LostShard } from '../../citus/lost/lost-shards.js';
import { readShardMeans } from '../../citus/lost/siblings.js';
import type { Db } from '../../citus/session/connect.js';
import type { NodeSample, TableSample } from '../../contract/internal/sample.js';
import type { LostTable, Loss } from '../../contract/index.js';
import { inTwoDigits, lossOf } from '../../planning/loss.js';

/** Hash ranges of a table that are told. */
const mostRanges = 20;

/** The hash of a loss: workers, tables, shards. Not rows, which drift, nor bytes. */
export function lossHash(nodes: readonly string[], lost: readonly LostShard[]): string {
  const lines = [
    ...[...nodes].map((node) => node.toLowerCase()).sort(),
    ...lost.map(({ relation, shardId }) => `${relation} ${shardId}`).sort(),
  ];
  return createHash('sha256').update(lines.join('\n')).digest('hex').slice(0, 8);
}

/**
 * What is lost with these workers, which tell nothing any more: estimated by samples taken while they were well, else by the
 * tables' other shards.
 *
 * @param groupIds their node groups
 * @param sampled what each of them held
 */
export async function readLoss(
  db: Db,
  cluster: string,
  nodes: readonly string[],
  groupIds: readonly number[],
  lost: readonly LostShard[],
  sampled: readonly (NodeSample | undefined)[],
): Promise<Loss | undefined> {
  if (lost.length === 0) return undefined;
  const names = [...new Set(lost.map(({ table }) => table))];
  const means = await readShardMeans(db, names, groupIds);
  const totals = await countShardsByTable(db);
  const tables = names.map((table): LostTable => {
    const own = lost.filter((shard) => shard.table === table);
    const held = heldOf(sampled, table);
    const each = held ? perShard(held) : means.get(table);
    return {
      table,
      shardGroups: own.length,
      shardsTotal: totals.get(table) ?? own.length,
      ranges: own
        .flatMap(({ min, max }) => (min === null || max === null ? [] : [`${min}..${max}`]))
        .slice(0, mostRanges),
      ...(each?.rows !== undefined && { rows: inTwoDigits(each.rows * own.length) }),
      ...(each && { bytes: inTwoDigits(each.bytes * own.length) }),
      basis: held ? 'sample' : 'siblings',
    };
  });
  return lossOf({ cluster, nodes, tables, shardGroups: countGroups(lost), hash: lossHash(nodes, lost) });
}

/** What the samples say of a table; undefined unless every worker was sampled, and one of them held some of it. */
function heldOf(sampled: readonly (NodeSample | undefined)[], table: string): TableSample[] | undefined {
  if (sampled.includes(undefined)) return undefined;
  const held = sampled.flatMap((node) => node?.tables.find((each) => each.table === table) ?? []);
  return held.length > 0 ? held : undefined;
}

/** Shards may have moved since: what they held in the mean is what counts. */
function perShard(held: readonly TableSample[]): { rows?: number; bytes: number } {
  const total = (figure: (each: TableSample) => number): number =>
    held.reduce((sum, each) => sum + figure(each), 0);
  const shards = total((each) => each.shards);
  return {
    bytes: total(({ bytes }) => bytes) / shards,
    ...(held.every(({ rows }) => rows !== undefined) && { rows: total(({ rows = 0 }) => rows) / shards }),
  };
}
