import {
  readCleanupRows,
  readKnownShards,
  readLostPlacements,
  readPoisonedShards,
  readShardNumbers,
  type CleanupRow,
} from '../../citus/leftovers/catalog.js';
import {
  readNodeFindings,
  readRowBytes,
  type NodeFindings,
  type ShardLikeTable,
} from '../../citus/leftovers/on-nodes.js';
import type { Db } from '../../citus/session/db.js';
import type { ClusterNode } from '../../citus/nodes/nodes.js';
import { deleteHopelessRows, recoverTransactions } from '../../citus/leftovers/removal.js';
import { literal } from '../../citus/session/quote.js';
import { inRemovalOrder, keyOf, type Finding } from './finding.js';
import { movedObjects } from './move-objects.js';
import { findStrangers } from './strangers.js';
import { judgeTable, type TableFacts } from './shard-tables.js';

/** The leftovers of a cluster, and what could not be looked into. */
export interface LeftoverReport {
  /** In the order in which they are removed. */
  leftovers: Finding[];
  /** Nodes that didn't answer, and why: what is there isn't known. */
  silent: { node: string; error: string }[];
  /** Drops that Citus put off, and does by itself within about 15 s. */
  deferred: number;
  /** Shards that can't be moved to any node, by the rows of groups that are gone. */
  poisoned: string[];
}

/**
 * Finds what earlier moves left on nodes. What belongs to a running move, and what Citus will remove by itself, stands
 * in `pg_dist_cleanup`. Citus writes that before it makes the thing, so it is read before and after looking.
 */
export async function findLeftovers(
  db: Db,
  nodes: ClusterNode[],
  addresses: string[],
): Promise<LeftoverReport> {
  const before = await readCleanupRows(db);
  const looks = await readNodeFindings(db, addresses);
  const after = await readCleanupRows(db);
  const rows = [...(before ?? []), ...(after ?? [])];
  const answers = looks.flatMap((look) => ('error' in look ? [] : [look]));
  const coordinator = nodes.find(({ role }) => role === 'coordinator')?.node ?? db.node;
  const hopeless = hopelessRows(after ?? [], coordinator);
  return {
    leftovers: inRemovalOrder([
      ...hopeless.map(({ finding }) => finding),
      ...(await orphanedTables(db, nodes, answers, rows, hopeless)),
      ...answers.flatMap((look) => (before === undefined ? [] : movedObjects(look, rows))),
      ...answers.flatMap((look) => preparedTransactions(look, nodes)),
      ...(await findStrangers(db, nodes, addresses)),
      ...(await lostPlacements(db, coordinator)),
    ]),
    silent: looks.flatMap((look) => ('error' in look ? [look] : [])),
    deferred: (after ?? []).filter(({ live }) => live).length,
    poisoned: await poisonedShards(db, after ?? []),
  };
}

interface HopelessRow {
  row: CleanupRow;
  finding: Finding;
}

function hopelessRows(rows: CleanupRow[], node: string): HopelessRow[] {
  const names = new Map(rows.filter(({ live }) => !live).map((row) => [rowName(row), row]));
  return [...names].map(([name, row]) => {
    const { name: object, groupId } = row;
    const how = `group ${groupId} has no node any more: DELETE FROM pg_dist_cleanup WHERE object_name = ${literal(object)} AND node_group_id = ${groupId}`;
    return {
      row,
      finding: {
        kind: 'pg_dist_cleanup row',
        node,
        name,
        how,
        remove: (db) => deleteHopelessRows(db, object, groupId),
      },
    };
  });
}

async function poisonedShards(db: Db, rows: CleanupRow[]): Promise<string[]> {
  const hopeless = rows.filter(({ live, objectType }) => !live && objectType === 1);
  if (hopeless.length === 0) return [];
  const names = new Set(
    await readPoisonedShards(
      db,
      hopeless.map(({ name }) => name),
    ),
  );
  return [...new Set(hopeless.filter(({ name }) => names.has(name)).map(rowName))];
}

function rowName({ name, groupId }: CleanupRow): string {
  return `${name} of group ${groupId}`;
}

async function orphanedTables(
  db: Db,
  nodes: ClusterNode[],
  answers: NodeFindings[],
  rows: CleanupRow[],
  hopeless: HopelessRow[],
): Promise<Finding[]> {
  const proofs = new Map(
    hopeless.filter(({ row }) => row.objectType === 1).map(({ row, finding }) => [row.name, keyOf(finding)]),
  );
  const deferred = new Set(rows.filter(({ live }) => live).map(({ name, groupId }) => `${groupId} ${name}`));
  const tables = answers.flatMap(({ node, tables: candidates }) => {
    const row = nodes.find((each) => each.node === node);
    if (!row) return [];
    const { groupId } = row;
    return candidates
      .filter(({ qualified }) => !deferred.has(`${groupId} ${qualified}`))
      .map((table) => ({ node, groupId, table }));
  });
  if (tables.length === 0) return [];
  const shards = await readKnownShards(db, [...new Set(tables.map(({ table }) => table.shardId))]);
  const shardOf = new Map(shards.map((shard) => [shard.shardId, shard]));
  const numbers = await readShardNumbers(db, [...new Set(tables.map(({ table }) => table.qualified))]);
  const strays = tables.filter(({ groupId, table: { shardId } }) =>
    (shardOf.get(shardId)?.placements ?? []).every((placement) => placement.groupId !== groupId),
  );
  const copies = strays.flatMap(({ table: { shardId, qualified } }) =>
    (shardOf.get(shardId)?.placements ?? []).flatMap(({ node }) => (node ? [{ node, qualified }] : [])),
  );
  const sizes = await readRowBytes(db, copies);
  return strays.flatMap(({ node, groupId, table }) => {
    const row = proofs.get(table.qualified);
    const facts: TableFacts = { node, groupId, table, numbers, row };
    const shard = shardOf.get(table.shardId);
    if (shard) facts.shard = { ...shard, copies: copiesOf(shard.placements, table, sizes) };
    return judgeTable(facts);
  });
}

function copiesOf(
  placements: { node: string | null }[],
  { qualified }: ShardLikeTable,
  sizes: Map<string, number>,
): { node: string; rowBytes: number | undefined }[] {
  return placements.flatMap(({ node }) =>
    node === null ? [] : [{ node, rowBytes: sizes.get(`${node} ${qualified}`) }],
  );
}

/** Whether such a transaction is to be committed, only Citus on the node that began it can tell. */
function preparedTransactions({ node, prepared: ids }: NodeFindings, nodes: ClusterNode[]): Finding[] {
  return ids.map((name): Finding => {
    const base = { kind: 'prepared transaction', node, name } as const;
    const groupId = Number(/^citus_(\d+)_/.exec(name)?.[1] ?? -1);
    const initiator = nodes.find((each) => each.groupId === groupId && each.role !== 'secondary');
    return initiator
      ? {
          ...base,
          how: `SELECT recover_prepared_transactions() on ${initiator.node}, which began it: Citus commits or rolls back, as its record says`,
          remove: (db) => recoverTransactions(db, initiator),
        }
      : {
          ...base,
          how: `the node that began it (group ${groupId}) is gone: find out whether its transaction was committed, then run COMMIT PREPARED or ROLLBACK PREPARED on ${node}`,
        };
  });
}

async function lostPlacements(db: Db, node: string): Promise<Finding[]> {
  const rows = await readLostPlacements(db);
  return rows.map(({ groupId, shards, example }) => ({
    kind: 'placement',
    node,
    name: `${shards} in group ${groupId} (${example})`,
    how: 'no node has that group: their rows are out of reach. Bring the server back, or restore it',
  }));
}
