import { afterAll, beforeAll, expect, test } from 'vitest';
import { findFlavour, withClient, type SandboxCluster } from '../../../sandbox/index.js';
import { asNode } from '../../support/make-leftovers.js';
import { flavour } from '../../support/stage.js';
import { find, linesFor, shardOf, startWithOrders } from './support.js';

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
    expect((await find(cluster)).leftovers[0]?.how).toContain('DELETE FROM pg_dist_node there');
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
