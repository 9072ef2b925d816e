import { readKeptShards, type KeptShard } from '../../citus/lost/kept-shards.js';
import { differences, readShardCatalogs } from '../../citus/lost/shard-catalog.js';
import { readColocated } from '../../citus/lost/lost-shards.js';
import { readStandIns } from '../../citus/lost/stand-ins.js';
import { readNodes } from '../../citus/nodes/nodes.js';
import type { Db } from '../../citus/session/connect.js';
import { readShardGroupsWithin } from '../../citus/tables/shard-groups.js';
import { balanceOf } from '../../planning/balance.js';
import { count } from '../../text/figures.js';
import { tracesOf, type RemovedNode } from '../verify/removal-traces.js';
import { outcomeUndone, type Verification } from '../verify/verification.js';
import { needsPerson } from '../../failures.js';
import { does } from '../../contract/index.js';

/** The order to verify a rescue. */
export interface VerifyRescueOrder {
  request: { cluster: string; lockId: string };
  removed: RemovedNode[];
}

/** The order to compare shards that were made anew with their siblings. */
export interface VerifyRebuiltOrder {
  request: { cluster: string; lockId: string };
  /** One of each group. */
  shardIds: number[];
}

/** Shards that are looked at in one statement. */
const atOnce = 200;
const sizesSeconds = 20;

/** Whether dead workers are out, without a trace, and every shard has a place on a worker. */
export async function rescueOutcome(db: Db, { removed }: VerifyRescueOrder): Promise<Verification> {
  const nodes = await readNodes(db);
  const notes: string[] = [];
  for (const each of removed) notes.push(...(await tracesOf(db, nodes, each)));
  const left = await readStandIns(db);
  if (left.length > 0)
    throw outcomeUndone(
      `${count(left.length, 'shard')} that were given up are still not made anew`,
      does('giveUp', 'or give up: run it again later, it goes on from there'),
    );
  const { groups } = await readShardGroupsWithin(db, sizesSeconds);
  const names = removed.map(({ node }) => node).join(', ');
  return {
    after: balanceOf(groups, nodes),
    notes,
    detail: names === '' ? 'every shard is on a worker' : `no trace of ${names}; every shard is on a worker`,
  };
}

/**
 * Compares shards that were made anew with their siblings, in the catalogs of their nodes. A table of which all shards were
 * lost has nothing to compare with.
 *
 * @throws NeedsPerson with what differs
 */
export async function assertAlike(db: Db, shardIds: readonly number[]): Promise<void> {
  const rebuilt = await readColocated(db, shardIds);
  const ids = new Set(rebuilt.map(({ shardId }) => shardId));
  const tables = [...new Set(rebuilt.map(({ table }) => table))];
  const all = await readKeptShards(db, tables, [], Number.MAX_SAFE_INTEGER);
  const siblingOf = new Map(
    all.filter(({ shardId }) => !ids.has(shardId)).map((shard) => [shard.table, shard]),
  );
  const made = all.filter(({ shardId, table }) => ids.has(shardId) && siblingOf.has(table));
  for (let start = 0; start < made.length; start += atOnce)
    await compare(db, made.slice(start, start + atOnce), siblingOf);
}

async function compare(
  db: Db,
  made: readonly KeptShard[],
  siblingOf: ReadonlyMap<string, KeptShard>,
): Promise<void> {
  const siblings = made.flatMap(({ table }) => siblingOf.get(table) ?? []);
  const catalogs = await readShardCatalogs(db, [...new Set([...made, ...siblings])]);
  for (const shard of made) {
    const sibling = siblingOf.get(shard.table);
    const [own, other] = [catalogs.get(shard.shard), sibling && catalogs.get(sibling.shard)];
    if (!own || !other || !sibling) continue;
    const facts = differences(other, own);
    if (facts.length > 0)
      throw needsPerson(`${shard.shard} on ${shard.node} was made anew, and is not like ${sibling.shard}`, {
        evidence: facts.slice(0, 20),
        remedies: [
          does(
            'retry',
            `mend ${shard.shard} on ${shard.node}, so that it is as the evidence says (-), then retry`,
          ),
          does('giveUp', 'or give up: the shard stays as it is'),
        ],
      });
  }
}
