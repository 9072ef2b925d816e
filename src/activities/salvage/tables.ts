import type { HeldTable } from '../../citus/salvage/returned-server.js';
import type { ShardToBring } from '../../citus/salvage/rows.js';
import { readTargets, type TargetTable } from '../../citus/salvage/target-tables.js';
import type { Db } from '../../citus/session/connect.js';
import { parentsFirst } from '../../planning/salvage.js';
import { listOf } from '../preflight/check.js';

/** A table of which a returned server holds rows, with what becomes of them. */
export interface SalvageTable {
  relation: string;
  table: string;
  parents: string[];
  triggers: string[];
  hasKey: boolean;
  shards: ShardToBring[];
  /** Why its rows are left there; absent: they are brought over. */
  why?: string;
}

/**
 * The tables of which a returned server holds rows, parents first.
 *
 * @param named tables that were asked for by name, as people call them; none: all
 */
export async function readSalvageTables(
  here: Db,
  held: readonly HeldTable[],
  named: readonly string[] = [],
): Promise<SalvageTable[]> {
  const wanted = held.filter(({ table }) => named.length === 0 || named.includes(table));
  const targets = await readTargets(
    here,
    wanted.map(({ relation }) => relation),
  );
  return parentsFirst(
    wanted.map((table) => {
      const target = targets.get(table.relation);
      const why = whyNot(table, target, named.includes(table.table));
      const columns = (target?.columns ?? []).filter(({ bare }) => table.columns.includes(bare));
      return {
        relation: table.relation,
        table: table.table,
        parents: target?.parents ?? [],
        triggers: target?.triggers ?? [],
        hasKey: target !== undefined && target.key !== null,
        shards: table.shards.map(({ shardId, shard }) => ({
          shardId,
          shard,
          relation: table.relation,
          columns,
          key: target?.key ?? null,
          distribution: target?.distribution ?? null,
        })),
        ...(why !== undefined && { why }),
      };
    }),
  );
}

function whyNot(
  { isReference, shards, allShards, columns }: HeldTable,
  target: TargetTable | undefined,
  isNamed: boolean,
): string | undefined {
  if (isReference) return 'a reference table, of which every node has a copy';
  if (shards.length === 0) return 'other nodes had copies of its shards';
  if (!target) return 'the cluster has no such distributed table any more';
  if (target.method === 'a') return 'append-distributed: no key says where a row belongs';
  if (!target.mayInsert) return 'the role may not read it and insert into it';
  const gone = columns.filter((name) => !target.columns.some(({ bare }) => bare === name));
  const keyColumns = [...(target.key ?? []), ...(target.distribution === null ? [] : [target.distribution])];
  const missing = target.columns.filter(
    ({ bare, name }) => keyColumns.includes(name) && !columns.includes(bare),
  );
  if (missing.length > 0)
    return `its key has other columns by now: ${listOf(missing.map(({ bare }) => bare))}`;
  if (isNamed) return undefined;
  if (gone.length > 0)
    return `the cluster's has no column ${listOf(gone)} any more: name the table to bring its rows over without it`;
  return allShards.some((id) => target.shards.includes(id))
    ? undefined
    : 'the cluster has none of its shards any more: it was made anew, or all were split. Name the table to bring its rows over all the same';
}
