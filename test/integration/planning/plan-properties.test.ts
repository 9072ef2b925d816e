import fc from 'fast-check';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCluster, type SandboxCluster } from '../../../sandbox/index.js';
import { drainPlan } from '../../../src/activities/plan/drain.js';
import { applyMoves, planMoves, type GroupMove } from '../../../src/activities/plan/group-moves.js';
import { eligible, measureOf, strategyNamed } from '../../../src/activities/plan/strategy.js';
import { withCoordinator, type Db } from '../../../src/citus/session/connect.js';
import { readNodes, type ClusterNode } from '../../../src/citus/nodes/nodes.js';
import { readShardGroups, type ShardGroup } from '../../../src/citus/tables/shard-groups.js';
import type { ClusterConfig } from '../../../src/config/index.js';
import type { OperationRequest } from '../../../src/contract/internal/request.js';
import { improvementOf } from '../../../src/planning/improvement.js';
import { movesOf } from '../../../src/planning/planned-moves.js';
import { flavour } from '../../support/stage.js';
import { configOf } from '../connect/support.js';

const workers = 5;
const runs = { numRuns: 25 };

let cluster: SandboxCluster;
let config: ClusterConfig;
beforeAll(async () => {
  cluster = await startCluster({ workers, flavour });
  config = configOf(cluster);
  for (const statement of [
    'create table one (id bigint primary key)',
    'create table beside_one (id bigint primary key)',
    'create table other (id bigint primary key)',
    'create table small (id bigint primary key)',
    `select create_distributed_table('one', 'id', shard_count => 16)`,
    `select create_distributed_table('beside_one', 'id', colocate_with => 'one')`,
    `select create_distributed_table('other', 'id', shard_count => 7, colocate_with => 'none')`,
    `select create_distributed_table('small', 'id', shard_count => 2, colocate_with => 'none')`,
    // No sizes: they would be asked of the nodes, where the tables don't follow the catalog.
    `create function public.cost_of(bigint) returns real language sql immutable as 'select ($1 % 7 + 1)::real'`,
    // Workers of odd ids carry twice as much.
    `create function public.capacity_of(int) returns real language sql immutable as 'select ($1 % 2 + 1)::real'`,
    `select citus_add_rebalance_strategy('mixed', 'public.cost_of', 'public.capacity_of', 'citus_shard_allowed_on_node_true', 0.1)`,
    `select citus_add_rebalance_strategy('lopsided', 'public.cost_of', 'citus_node_capacity_1', 'citus_shard_allowed_on_node_true', 0.1)`,
    `select citus_set_default_rebalance_strategy('lopsided')`,
  ])
    await cluster.query(statement);
});
afterAll(() => cluster.stop());

interface World {
  db: Db;
  nodes: ClusterNode[];
  groups: ShardGroup[];
}

/** Where each of the 25 shard groups lies, which workers are marked, and which are to leave. */
const layouts = fc.record({
  places: fc.array(fc.nat(workers - 1), { minLength: 25, maxLength: 25 }),
  marked: fc.subarray([0, 1, 2, 3], { maxLength: 2 }),
  leaving: fc.subarray([0, 1, 2, 3], { minLength: 1, maxLength: 3 }),
});

/** Only the catalog of the coordinator is rearranged: plans are made of nothing else. */
function inWorld<T>(
  { places, marked }: { places: number[]; marked: number[] },
  work: (world: World) => Promise<T>,
): Promise<T> {
  return new MockActivityEnvironment().run(() =>
    withCoordinator(config, { applicationName: 'properties' }, async (db) => {
      const groupIds = (await readNodes(db)).filter(({ role }) => role === 'worker').map((n) => n.groupId);
      const before = await readShardGroups(db, false);
      for (const [index, { shardIds }] of before.entries())
        await db.query('update pg_dist_placement set groupid = $2 where shardid = any($1::bigint[])', [
          shardIds,
          groupIds[places[index] ?? 0],
        ]);
      await db.query(
        'update pg_dist_node set shouldhaveshards = not (groupid = any($1::int[])) where groupid > 0',
        [marked.map((index) => groupIds[index])],
      );
      return work({ db, nodes: await readNodes(db), groups: await readShardGroups(db, false) });
    }),
  );
}

function workersOf(nodes: ClusterNode[], indexes: number[]): ClusterNode[] {
  const all = nodes.filter(({ role }) => role === 'worker');
  return indexes.flatMap((index) => all[index] ?? []);
}

function request(nodes: ClusterNode[]): OperationRequest<'drainWorker'> & { type: 'drainWorker' } {
  const names = nodes.map(({ node }) => node);
  return {
    type: 'drainWorker',
    cluster: 'demo',
    input: { cluster: 'demo', nodes: names },
    transferMode: 'block_writes',
    parallelMoves: 4,
  } as OperationRequest<'drainWorker'> & { type: 'drainWorker' };
}

/** All shards of a group lie together, before and after. */
function expectTogether(groups: ShardGroup[]): void {
  expect(groups.every(({ shardIds, tables }) => shardIds.length === tables.length)).toBe(true);
  const shards = groups.flatMap(({ shardIds }) => shardIds);
  expect(new Set(shards).size).toBe(shards.length);
}

function expectEachOnce(moves: GroupMove[]): void {
  expect(new Set(moves.map(({ group }) => group)).size).toBe(moves.length);
  expect(moves.every(({ from, to }) => from !== to)).toBe(true);
}

test('a planned drain leaves no placement behind, and gives nothing to nodes that leave or are marked', () =>
  fc.assert(
    fc.asyncProperty(layouts, (layout) =>
      inWorld(layout, async ({ db, nodes, groups }) => {
        const leaving = workersOf(nodes, layout.leaving);
        const closed = new Set([...leaving, ...workersOf(nodes, layout.marked)].map(({ node }) => node));
        const names = leaving.map(({ node }) => node);
        const moves = await planMoves(db, groups, { leaving: names, drainOnly: true });
        expectEachOnce(moves);
        expect(moves.every(({ from }) => names.includes(from))).toBe(true);
        expect(moves.filter(({ to }) => closed.has(to))).toEqual([]);
        const after = applyMoves(groups, moves, nodes);
        expectTogether(after);
        const left = new Set(leaving.map(({ groupId }) => groupId));
        expect(after.filter(({ groupId }) => left.has(groupId))).toEqual([]);
        // What lies elsewhere is left alone.
        const elsewhere = (all: ShardGroup[]) =>
          all.filter((_, index) => !left.has(groups[index]?.groupId ?? 0)).map(({ groupId }) => groupId);
        expect(elsewhere(after)).toEqual(elsewhere(groups));
      }),
    ),
    runs,
  ));

test('the plan as it travels says the same moves, within the disk of those that receive them', () =>
  fc.assert(
    fc.asyncProperty(layouts, (layout) =>
      inWorld(layout, async ({ db, nodes, groups }) => {
        const leaving = workersOf(nodes, layout.leaving);
        const draft = await drainPlan(db, config, request(leaving), () =>
          Promise.reject(new Error('no machine is looked at')),
        );
        const moves = movesOf(draft.round);
        expect(moves).toHaveLength(draft.plan.movesTotal);
        const gone = new Set(leaving.map(({ groupId }) => groupId));
        expect(moves).toHaveLength(groups.filter(({ groupId }) => gone.has(groupId)).length);
        expect(draft.checks.filter(({ id }) => id === 'shards-without-place')).toEqual([]);
        const targets = new Set(moves.map(({ to }) => draft.round.nodes[to]));
        const checked = draft.checks.filter(({ id, ok }) => id === 'target-disk' && ok);
        expect(checked).toHaveLength(targets.size);
        expect(draft.marks.map(({ node }) => node)).toEqual(
          leaving.filter(({ shouldHaveShards }) => shouldHaveShards).map(({ node }) => node),
        );
      }),
    ),
    runs,
  ));

test.each(['by_shard_count', 'lopsided', 'mixed'])(
  'whatever a rebalance by strategy %s moves, it is better than before',
  (name) =>
    fc.assert(
      fc.asyncProperty(layouts, fc.constantFrom(undefined, 0, 0.2), (layout, threshold) =>
        inWorld(layout, async ({ db, nodes, groups }) => {
          const strategy = await strategyNamed(db, 'demo', name);
          const measure = await measureOf(db, strategy, groups, nodes);
          const moves = await planMoves(db, groups, { strategy: name, threshold });
          expectEachOnce(moves);
          const after = applyMoves(groups, moves, nodes);
          expectTogether(after);
          const marked = new Set(workersOf(nodes, layout.marked).map(({ groupId }) => groupId));
          expect(after.filter(({ groupId }) => marked.has(groupId))).toEqual([]);
          // Shards that lie on marked nodes count for nothing before, and have to go somewhere.
          if (groups.some(({ groupId }) => marked.has(groupId))) return;
          const sources = new Map(moves.map(({ group }) => [group.shardIds[0] ?? 0, group.groupId]));
          expect(improvementOf(after, eligible(nodes), measure, sources)).toMatchObject({
            movedGroups: moves.length,
            isBetter: moves.length > 0,
          });
        }),
      ),
      runs,
    ),
);
