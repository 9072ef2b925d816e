import { afterAll, beforeAll, expect, test } from 'vitest';
import { findFlavour, withClient, type SandboxCluster, type SandboxNode } from '../../../sandbox/index.js';
import { nodeActivities } from '../../../src/activities/nodes/activities.js';
import { deregister } from '../../../src/activities/nodes/deregister.js';
import { readNodes } from '../../../src/citus/nodes/nodes.js';
import { asActivity } from '../../support/activity-stage.js';
import { asNode } from '../../support/make-leftovers.js';
import { flavour } from '../../support/stage.js';
import { configOf } from '../connect/support.js';
import { asScaler, find, linesFor, remove, shardOf, startWithOrders } from './support.js';

const isStandIn = findFlavour(flavour).flavour === 'stand-in';

let cluster: SandboxCluster;
beforeAll(async () => {
  cluster = await startWithOrders();
});
afterAll(() => cluster.stop());

test('a server that believes to be in the cluster is named with its address, and is not for us to touch', async () => {
  const { home } = await shardOf(cluster);
  const stranger = await asNode(home, 77);
  try {
    await expect
      .poll(() => linesFor(cluster), { timeout: 10_000 })
      .toEqual([`leave session node id 77 from 127.0.0.1 on ${home.address}`]);
    const [known] = (await find(cluster)).leftovers;
    expect(known?.how).toMatch(/pg_is_in_recovery.*DELETE FROM pg_dist_node there/);
    const asked = [cluster.coordinator.address, home.address];
    const [unclear] = (await find(cluster, asked)).leftovers;
    expect(unclear?.how).toContain(`which doesn't answer: look again when all nodes do`);
    expect(unclear?.how).not.toMatch(/stop it|DELETE/);
  } finally {
    await stranger.end();
  }
});

test('a server that was taken out as it should be is none of those, though its sessions are there for a while', async () => {
  const node = await cluster.addNode();
  await cluster.query('select citus_add_node($1, $2)', [node.host, node.port]);
  // Citus looks for deadlocks between all nodes every two seconds.
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  await node.query('select count(*) from orders').catch(() => undefined);
  await withClient(cluster.coordinator.login, async (client) => {
    await client.query('begin');
    await client.query('select stop_metadata_sync_to_node($1, $2)', [node.host, node.port]);
    await client.query('select citus_remove_node($1, $2)', [node.host, node.port]);
    await client.query('commit');
  });
  // What they last did may be some seconds ago.
  await new Promise((resolve) => setTimeout(resolve, 6_000));
  try {
    for (const end = Date.now() + 6_000; Date.now() < end;) expect(await linesFor(cluster)).toEqual([]);
  } finally {
    await node.stop('immediate');
  }
});

/** Has a server go by the node id that it has: its daemon begins anew. */
async function restart(node: SandboxNode): Promise<number> {
  const [row] = await cluster.query<{ id: number }>(
    'select nodeid as id from pg_dist_node where nodeport = $1',
    [node.port],
  );
  await node.stop();
  await node.start();
  await expect.poll(() => announced(node), { timeout: 20_000 }).toBe(row?.id);
  return row?.id ?? 0;
}

async function takeOutByHand(node: SandboxNode): Promise<void> {
  await withClient(cluster.coordinator.login, async (client) => {
    await client.query('begin');
    await client.query('select stop_metadata_sync_to_node($1, $2)', [node.host, node.port]);
    await client.query('select citus_remove_node($1, $2)', [node.host, node.port]);
    await client.query('commit');
  });
}

/** The node id that the daemon of a server bears on the coordinator; undefined while it has no session there. */
async function announced(node: SandboxNode): Promise<number | undefined> {
  const [daemon] = await node.query<{ pid: number }>(
    `select pid from pg_stat_activity where backend_type like 'Citus Maintenance Daemon%'`,
  );
  const [session] = await cluster.query<{ id: string }>(
    `select (substring(application_name from 'gpid=([0-9]+)')::int8 / 10000000000)::text as id from pg_stat_activity
      where substring(application_name from '^citus_internal gpid=([0-9]+)')::int8 % 10000000000 = $1`,
    [daemon?.pid],
  );
  return session && Number(session.id);
}

test.skipIf(isStandIn)(
  'a node that was one before is never taken for a stranger by its earlier id, and goes by its own once registered by us (real Citus)',
  async () => {
    const node = await cluster.addNode();
    const { address } = node;
    const add = () => cluster.query('select citus_add_node($1, $2)', [node.host, node.port]);
    try {
      await add();
      const first = await restart(node);
      await takeOutByHand(node);
      await add();
      await expect.poll(() => announced(node)).toBe(first);
      const { leftovers } = await find(cluster);
      expect(leftovers.map((each) => `${each.kind} ${each.node}`)).toEqual([`session ${address}`]);
      expect(leftovers[0]?.how).toMatch(/is node \d+ now and works as it should/);
      expect(leftovers[0]?.how).not.toMatch(/stop it|DELETE/);
      expect(await remove(cluster, leftovers)).toEqual([undefined]);
      await expect.poll(() => announced(node), { timeout: 20_000 }).toBe(first + 1);

      await takeOutByHand(node);
      const config = { clusters: [configOf(cluster)] };
      const [entry] = await asActivity(config, (context) =>
        nodeActivities(context).planRegistrations({ cluster: 'demo', lockId: 'lock', nodes: [address] }),
      );
      if (!entry) throw new Error('nothing to register');
      await asActivity(config, (context) =>
        nodeActivities(context).registerNodes({ cluster: 'demo', lockId: 'lock', entries: [entry] }),
      );
      const at = Date.now();
      expect(await linesFor(cluster)).toEqual([]);
      expect(Date.now() - at).toBeLessThan(4_000);
      await expect.poll(() => announced(node), { timeout: 20_000 }).toBe(first + 2);

      // Taken out by us, its sessions end at once: nobody has to wait for whether they are asleep.
      const row = (await asScaler(cluster, readNodes)).find((each) => each.node === address);
      if (!row) throw new Error('not registered');
      await asScaler(cluster, (db) => deregister(db, row, Date.now(), () => Promise.resolve()));
      await expect.poll(() => announced(node)).toBeUndefined();
    } finally {
      await cluster.query(
        'select citus_remove_node(nodename, nodeport) from pg_dist_node where nodeport = $1',
        [node.port],
      );
      await node.stop('immediate');
    }
  },
  90_000,
);

test.skipIf(isStandIn)(
  'a server that was taken out and kept its metadata is found by what it does (real Citus)',
  async () => {
    const node = await cluster.addNode();
    await cluster.query('select citus_add_node($1, $2)', [node.host, node.port]);
    await cluster.query('select citus_remove_node($1, $2)', [node.host, node.port]);
    try {
      // Nobody uses it: its daemon alone makes itself known.
      await expect
        .poll(
          async () => {
            return (await linesFor(cluster)).filter((line) =>
              line.startsWith('leave session of a server from 127.0.0.1'),
            );
          },
          { timeout: 30_000 },
        )
        .not.toEqual([]);
    } finally {
      await node.stop('immediate');
    }
  },
  90_000,
);
