import type { KnownShard, ShardNumbers } from '../../citus/leftovers/catalog.js';
import type { ShardLikeTable } from '../../citus/leftovers/on-nodes.js';
import { dropShardTable } from '../../citus/leftovers/removal.js';
import { formatBytes } from '../../planning/format.js';
import type { Finding } from './finding.js';

export interface TableFacts {
  node: string;
  groupId: number;
  table: ShardLikeTable;
  numbers: ShardNumbers;
  /** The shard of the table's number, if there is one, with its placements that have a node; bytes only of copies that are there. */
  shard?: KnownShard & { copies: { node: string; rowBytes: number | undefined }[] };
}

/**
 * Whether a table without a placement is a leftover, and may be dropped. It is not when anything speaks for its being
 * the only copy of rows, or for its being somebody's own table.
 */
export function judgeTable({ node, groupId, table, numbers, shard }: TableFacts): Finding[] {
  const { schema, name, qualified, shardId, bytes, rowBytes, marked, oid } = table;
  const found = { kind: 'shard table', node, name: qualified, bytes } as const;
  const drop = `SET citus.enable_ddl_propagation = off; DROP TABLE ${qualified}`;
  const remove: Finding['remove'] = (db) => dropShardTable(db, { node, groupId, qualified, oid, shardId });
  if (shard) {
    if (shard.schema !== schema || shard.name !== name) return [];
    const doubt = whyKeep(shard.copies, rowBytes);
    return doubt === undefined
      ? [{ ...found, how: drop, remove }]
      : [{ ...found, how: `${doubt}. Compare the rows, and only when none is missed, there: ${drop}` }];
  }
  // Numbers that were never given to a shard, and whatever people keep at the coordinator, say nothing.
  if (groupId === 0 || shardId > numbers.last || numbers.distributed.includes(qualified)) return [];
  return marked
    ? [{ ...found, how: `${drop}: its distributed table was dropped`, remove }]
    : [
        {
          ...found,
          how: `looks like a shard of a table that was dropped, but nothing proves it; if so, there: ${drop}`,
        },
      ];
}

function whyKeep(
  copies: { node: string; rowBytes: number | undefined }[],
  rowBytes: number,
): string | undefined {
  if (copies.length === 0) return 'may be the only copy of its rows: the shard has no placement on any node';
  const present = copies.flatMap((copy) => (copy.rowBytes === undefined ? [] : [copy.rowBytes]));
  const where = copies.map(({ node }) => node).join(', ');
  if (present.length === 0)
    return `may be the only copy of its rows: the placement on ${where} has no table, or the node doesn't answer`;
  const largest = Math.max(...present);
  // After rows were given up, what is left on a server that returns is all there is of them.
  return largest * 2 < rowBytes
    ? `may hold rows that are nowhere else: ${formatBytes(rowBytes)}, and ${formatBytes(largest)} on ${where}`
    : undefined;
}
