import { createHash } from 'node:crypto';
import { cancellationSignal } from '@temporalio/activity';
import { compareShard } from '../../citus/salvage/bring-shard.js';
import { readNotes } from '../../citus/salvage/notes.js';
import { readReturned } from '../../citus/salvage/returned-server.js';
import { readNodes } from '../../citus/nodes/nodes.js';
import type { Db } from '../../citus/session/connect.js';
import { readShardGroupsWithin } from '../../citus/tables/shard-groups.js';
import type { Check, Plan, SalvagedTable } from '../../contract/index.js';
import { balanceOf, withoutSizes } from '../../planning/balance.js';
import { failed, listOf, passed } from '../preflight/check.js';
import { readSalvageTables, type SalvageTable } from './tables.js';
import { whyNotBrought } from './why-not-brought.js';

/** The plan of a salvage. */
export interface SalvagePlan {
  plan: Plan;
  notes: string[];
  checks: Check[];
  /** The server that was looked at. */
  server: { systemIdentifier: string | null; groupId: number };
  /** Tables of which something may be brought over, parents first, as statements name them. */
  relations: string[];
  isFenced: boolean;
}

const sizesSeconds = 5;
const mostTables = 50;

/** Plans what is brought over from a returned server: compares every row there with the cluster's. */
export async function salvagePlan(
  here: Db,
  there: Db,
  node: string,
  named: readonly string[],
): Promise<SalvagePlan> {
  const returned = await readReturned(there);
  const tables = await readSalvageTables(here, returned.tables, named);
  const notes = await readNotes(there);
  const all: SalvagedTable[] = [];
  for (const table of tables) all.push(await countTable(here, there, table, notes));
  const sum = (field: 'missing' | 'conflicts'): number =>
    all.reduce((total, table) => total + (table[field] ?? 0), 0);
  const nodes = await readNodes(here);
  const { groups, hasSizes } = await readShardGroupsWithin(here, sizesSeconds);
  const sized = balanceOf(groups, nodes);
  const balance = hasSizes ? sized : withoutSizes(sized);
  const relations = tables.filter(({ why }) => why === undefined).map(({ relation }) => relation);
  return {
    plan: {
      hash: hashOf(node, returned.facts.systemIdentifier, tables),
      moves: [],
      movesTotal: 0,
      bytes: 0,
      newWorkers: [],
      removedWorkers: [],
      salvage: {
        node,
        fenced: returned.isFenced,
        tables: [...all].sort((a, b) => (b.missing ?? 0) - (a.missing ?? 0)).slice(0, mostTables),
        tablesTotal: all.length,
        missing: sum('missing'),
        conflicts: sum('conflicts'),
      },
      before: balance,
      after: balance,
    },
    notes: unknownTables(named, tables),
    checks: [tellTables(tables)],
    server: {
      systemIdentifier: returned.facts.systemIdentifier,
      groupId: returned.facts.localGroup ?? 0,
    },
    relations,
    isFenced: returned.isFenced,
  };
}

async function countTable(
  here: Db,
  there: Db,
  { table, shards, why }: SalvageTable,
  notes: ReadonlyMap<number, { done: boolean }>,
): Promise<SalvagedTable> {
  const open = shards.filter(({ shardId }) => notes.get(shardId)?.done !== true);
  const counted: SalvagedTable = { table, shards: shards.length, shardsDone: shards.length - open.length };
  if (why !== undefined) return { ...counted, why };
  let [rows, missing, conflicts] = [0, 0, 0];
  for (const shard of open) {
    cancellationSignal().throwIfAborted();
    try {
      const found = await compareShard(here, there, shard);
      rows += found.there;
      missing += found.missing;
      conflicts += found.there - found.same - found.missing;
    } catch (error) {
      return { ...counted, why: whyNotBrought(error) };
    }
  }
  return { ...counted, rows, missing, conflicts };
}

function hashOf(node: string, server: string | null, tables: readonly SalvageTable[]): string {
  const lines = tables.map(({ relation, shards, why = '' }) => `${relation} ${shards.length} ${why}`);
  return createHash('sha256')
    .update([node, server ?? '', ...lines.sort()].join('\n'))
    .digest('hex')
    .slice(0, 16);
}

function unknownTables(named: readonly string[], tables: readonly SalvageTable[]): string[] {
  return named
    .filter((name) => !tables.some(({ table }) => table === name))
    .map((name) => `the server holds nothing of a table ${name}`);
}

function tellTables(tables: readonly SalvageTable[]): Check {
  const brought = tables.filter(({ why }) => why === undefined);
  const left = tables.filter(({ why }) => why !== undefined);
  const lines = [
    ...left.map(({ table, why = '' }) => `${table}: its rows stay there (${why})`),
    ...brought
      .filter(({ triggers }) => triggers.length > 0)
      .map(
        ({ table, triggers }) =>
          `${table}: its triggers fire for each row, as for any insert (${listOf(triggers)})`,
      ),
    ...brought
      .filter(({ hasKey }) => !hasKey)
      .map(
        ({ table }) =>
          `${table}: without a key a row counts as there when the cluster has one that equals it`,
      ),
  ];
  return lines.length === 0
    ? passed('salvage-tables', 'every table there is brought over, by its key')
    : failed(
        'salvage-tables',
        listOf(lines, 20),
        'nothing, when that is as it should be; else see to the table first',
      );
}
