import type { KnownShard, ShardNumbers } from '../../citus/leftovers/catalog.js';
import type { ShardLikeTable } from '../../citus/leftovers/on-nodes.js';
import { dropShardTable } from '../../citus/leftovers/removal.js';
import { formatBytes } from '../../text/figures.js';
import type { Finding } from './finding.js';

/** The facts about a table that is named like a shard and has no placement. */
export interface TableFacts {
  node: string;
  groupId: number;
  table: ShardLikeTable;
  numbers: ShardNumbers;
  /** The shard of the table's number, if there is one, with its placements that have a node; bytes only of copies that are there. */
  shard?: KnownShard & { copies: { node: string; rowBytes: number | undefined }[] };
  /** Key of the finding of a `pg_dist_cleanup` row that names the table: Citus wanted it dropped. */
  row?: string | undefined;
}

/**
 * Whether a table without a placement is a leftover, and may be dropped: when it holds no row, or Citus has on record
 * that it was to be dropped. Nothing else proves that its rows are elsewhere; least of all their size, for what a server
 * that was given up brings back may be all there is of them, however full the shard is by now. Nor may anything speak
 * for its being somebody's own table.
 */
export function judgeTable({ node, groupId, table, numbers, shard, row }: TableFacts): Finding[] {
  const { schema, name, qualified, shardId, bytes, rowBytes, hasShardIndexes, oid } = table;
  const base = { kind: 'shard table', node, name: qualified, bytes } as const;
  const drop = `SET citus.enable_ddl_propagation = off; DROP TABLE ${qualified}`;
  const leaveAlone = (why: string): Finding[] => [
    { ...base, how: `${why}. To drop it, run on ${node}: ${drop}` },
  ];
  if (shard) {
    if (shard.schema !== schema || shard.name !== name) return [];
  } else {
    // Numbers that were never given to a shard, and whatever people keep at the coordinator, say nothing.
    if (groupId === 0 || shardId > numbers.last || numbers.distributed.includes(qualified)) return [];
    if (!hasShardIndexes)
      return leaveAlone('looks like a shard of a table that was dropped, but nothing proves it');
  }
  const doubt = doubtAbout(shard?.copies, rowBytes, row);
  if (doubt !== undefined)
    return leaveAlone(`${doubt}. First compare the rows: drop it only if none is missing`);
  const isEmpty = rowBytes === 0;
  const remove: Finding['remove'] = (db) =>
    dropShardTable(db, { node, groupId, qualified, oid, shardId, onlyIfEmpty: isEmpty });
  const proof = isEmpty || row === undefined ? {} : { proof: row };
  return [{ ...base, how: `${drop}: ${isEmpty ? 'it holds no row' : dropReason}`, remove, ...proof }];
}

const dropReason = 'pg_dist_cleanup names it, so Citus wanted it dropped';

/** @param copies undefined when the shard's distributed table was dropped */
function doubtAbout(
  copies: { node: string; rowBytes: number | undefined }[] | undefined,
  rowBytes: number,
  row: string | undefined,
): string | undefined {
  const size = formatBytes(rowBytes);
  if (!copies)
    return rowBytes > 0 && row === undefined
      ? `holds rows (${size}) of a table that was dropped, if it is not of another cluster`
      : undefined;
  if (copies.length === 0) return 'may be the only copy of its rows: the shard has no placement on any node';
  const sizes = copies.flatMap((copy) => (copy.rowBytes === undefined ? [] : [copy.rowBytes]));
  const nodes = copies.map(({ node }) => node).join(', ');
  if (sizes.length === 0)
    return `may be the only copy of its rows: the placement on ${nodes} has no table, or the node doesn't answer`;
  const largest = Math.max(...sizes);
  // The row is of a server that had that table once; it need not be this one.
  return rowBytes > 0 && (row === undefined || largest * 2 < rowBytes)
    ? `may hold rows that are nowhere else: ${size}, and ${formatBytes(largest)} on ${nodes}`
    : undefined;
}
