import { createHash } from 'node:crypto';
import { countGroups, countShardsByTable, type LostShard } from '../../citus/lost/lost-shards.js';
import { readShardMeans } from '../../citus/lost/siblings.js';
import type { Db } from '../../citus/session/connect.js';
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
 * What is lost with these workers, estimated by the tables' other shards: the workers themselves tell nothing any more.
 *
 * @param groupIds their node groups
 */
export async function readLoss(
  db: Db,
  cluster: string,
  nodes: readonly string[],
  groupIds: readonly number[],
  lost: readonly LostShard[],
): Promise<Loss | undefined> {
  if (lost.length === 0) return undefined;
  const names = [...new Set(lost.map(({ table }) => table))];
  const means = await readShardMeans(db, names, groupIds);
  const totals = await countShardsByTable(db);
  const tables = names.map((table): LostTable => {
    const own = lost.filter((shard) => shard.table === table);
    const each = means.get(table);
    return {
      table,
      shardGroups: own.length,
      shardsTotal: totals.get(table) ?? own.length,
      ranges: own
        .flatMap(({ min, max }) => (min === null || max === null ? [] : [`${min}..${max}`]))
        .slice(0, mostRanges),
      ...(each?.rows !== undefined && { rows: inTwoDigits(each.rows * own.length) }),
      ...(each && { bytes: inTwoDigits(each.bytes * own.length) }),
      basis: 'siblings',
    };
  });
  return lossOf({ cluster, nodes, tables, shardGroups: countGroups(lost), hash: lossHash(nodes, lost) });
}
