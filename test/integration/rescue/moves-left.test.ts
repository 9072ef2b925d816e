import pg from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { findFlavour, startCluster, type SandboxCluster, type SandboxNode } from '../../../sandbox/index.js';
import { rescueActivities } from '../../../src/activities/rescue/activities.js';
import { asActivity } from '../../support/activity-stage.js';
import { byHand } from '../../support/make-leftovers.js';
import { flavour } from '../../support/stage.js';
import { configOf } from '../connect/support.js';

// The stand-in's moves have no subscriptions.
const onCitus = test.runIf(findFlavour(flavour).flavour === 'citus');
let cluster: SandboxCluster;
let dead: SandboxNode, target: SandboxNode, source: SandboxNode;
beforeAll(async () => {
  // Else Citus removes what it has on record between two looks.
  const settings = { 'citus.defer_shard_delete_interval': '-1' };
  cluster = await startCluster({ workers: 3, flavour, settings });
  await cluster.query('create table orders (id bigint primary key, note text)');
  await cluster.query(`select create_distributed_table('orders', 'id', shard_count := 6)`);
  await cluster.query(`insert into orders select i, 'x' from generate_series(1, 500) i`);
  const [one, two, three] = cluster.workers;
  if (!one || !two || !three) throw new Error('no workers');
  [dead, target, source] = [one, two, three];
});
afterAll(() => cluster.stop());

const rowOf = async ({ port, address }: SandboxNode) => {
  const [row] = await cluster.query<{ nodeId: number; groupId: number }>(
    `select nodeid as "nodeId", groupid as "groupId" from pg_dist_node where nodeport = $1`,
    [port],
  );
  if (!row) throw new Error('not registered');
  return { node: address, ...row };
};

/** Begins a move, which waits for the end of a lock on its shard when all that it makes is there. */
async function startMove(from: SandboxNode, to: SandboxNode): Promise<void> {
  const [{ nodeId }, { nodeId: toId }] = [await rowOf(from), await rowOf(to)];
  const [shard] = await cluster.query<{ id: number }>(
    `select min(shardid)::int as id from pg_dist_placement join pg_dist_node using (groupid) where nodeid = $1`,
    [nodeId],
  );
  const open = async (): Promise<pg.Client> => {
    const client = new pg.Client(cluster.coordinator.login);
    client.on('error', () => undefined);
    await client.connect();
    return client;
  };
  const holder = await open();
  await holder.query('begin');
  await holder.query('select lock_shard_metadata(5, array[$1::bigint])', [shard?.id]);
  const mover = await open();
  mover
    .query(`select citus_move_shard_placement($1::bigint, $2::int, $3::int, 'force_logical')`, [
      shard?.id,
      nodeId,
      toId,
    ])
    .catch(() => undefined);
  await vi.waitUntil(
    async () => (await objectsOn(to)).some((name) => /^citus_shard_move_subscription_\d/.test(name)),
    30_000,
  );
  await vi.waitUntil(async () => (await objectsOn(from)).some((name) => /_slot_/.test(name)), 30_000);
}

async function objectsOn(node: SandboxNode): Promise<string[]> {
  const rows = await node.query<{ name: string }>(
    `select subname as name from pg_subscription union all select pubname from pg_publication
     union all select slot_name from pg_replication_slots
     union all select rolname from pg_roles where rolname like 'citus_shard%' order by 1`,
  );
  return rows.map(({ name }) => name);
}

onCitus(
  'what moves with a dead worker left on the others is removed and told, on record or not',
  async () => {
    await startMove(dead, target);
    await startMove(source, dead);
    const order = { cluster: 'demo', lockId: 'lock', dead: [await rowOf(dead)] };
    await Promise.all([dead.kill(), cluster.coordinator.kill()]);
    await cluster.coordinator.start();
    // One move is on record. Of the other nobody knows any more, nor of what somebody made himself.
    await cluster.query(`delete from pg_dist_cleanup where object_name ~ '_slot_|publication'`);
    await byHand(
      source,
      'create publication of_somebody',
      `create publication citus_shard_move_publication_99_10_900`,
    );
    const left = [...(await objectsOn(target)), ...(await objectsOn(source))];
    expect(left.filter((name) => /subscription_\d/.test(name))).toHaveLength(1);
    expect(left.filter((name) => /_slot_/.test(name))).toHaveLength(1);
    const stage = { clusters: [configOf(cluster, { allowedNodes: ['127.0.0.1:*'] })] };
    const { loss } = await asActivity(stage, (context) =>
      rescueActivities(context).planRescue({
        request: {
          type: 'emergencyRemoveWorker',
          cluster: 'demo',
          lockId: 'lock',
          input: { cluster: 'demo', node: dead.address },
        } as never,
      }),
    ).then(({ plan }) => plan);
    await asActivity(stage, (context) =>
      rescueActivities(context).forgetDeadWorkers({ ...order, ...(loss && { lossHash: loss.hash }) }),
    );
    const tidy = () => asActivity(stage, (context) => rescueActivities(context).tidyAfterDead(order));
    const { notes } = await tidy();
    expect(await objectsOn(target)).toEqual([]);
    expect(await objectsOn(source)).toEqual(['citus_shard_move_publication_99_10_900', 'of_somebody']);
    const told = notes.filter((note) => note.startsWith('left of a move')).join('\n');
    for (const kind of [
      `subscription .* on ${target.address}`,
      `role .* on ${target.address}`,
      `replication slot .* on ${source.address}`,
      `publication .* on ${source.address}`,
    ])
      expect(told).toMatch(new RegExp(`removed: ${kind}`));
    expect(await cluster.query('select from pg_dist_cleanup')).toEqual([]);
    expect((await tidy()).notes).toEqual([]);
  },
);
