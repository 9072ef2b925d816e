import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCluster, type SandboxCluster, type SandboxNode } from '../../../sandbox/index.js';
import { locateGroup, type GroupLocation } from '../../../src/activities/moving/locate-group.js';
import { needsPersonType } from '../../../src/failures.js';
import { asActivity } from '../../support/activity-stage.js';
import { flavour, smallData } from '../../support/stage.js';
import { configOf } from '../connect/support.js';

let cluster: SandboxCluster;
let target: SandboxNode;
beforeAll(async () => {
  cluster = await startCluster({ workers: 1, flavour });
  await smallData(cluster);
  target = await cluster.addNode();
  await cluster.query('select citus_add_node($1, $2)', [target.host, target.port]);
});
afterAll(() => cluster.stop());

async function locate(ids: { fromId?: number; toId?: number } = {}): Promise<GroupLocation> {
  const [shard] = await cluster.query<{ id: number }>(
    `select min(shardid)::int as id from pg_dist_shard where logicalrelid = 'tenants'::regclass`,
  );
  const config = configOf(cluster);
  const move = {
    from: cluster.workers[0]?.address ?? '',
    to: target.address,
    transferMode: 'auto' as const,
    ...ids,
  };
  return asActivity({ clusters: [config] }, () => locateGroup(config, move, shard?.id ?? 0, { alone: true }));
}

test('a target that was registered anew gets no shard before it has the reference tables', async () => {
  await expect(locate()).rejects.toMatchObject({
    type: needsPersonType,
    message: `${target.address}, the target of planned moves, lacks reference tables`,
  });
  await cluster.query(`select replicate_reference_tables('auto')`);
  expect(await locate()).toMatchObject({ state: 'to do', to: target.address });
});

test('a node that a failover gave another address is known by its id; what has its address by now is a standby', async () => {
  const rowOf = async (port: number) => {
    const [row] = await cluster.query<{ id: number }>(
      'select nodeid as id from pg_dist_node where nodeport = $1',
      [port],
    );
    return row?.id ?? -1;
  };
  const toId = await rowOf(target.port);
  await cluster.query(`update pg_dist_node set nodename = 'localhost' where nodeid = $1`, [toId]);
  try {
    expect(await locate({ toId })).toMatchObject({
      state: 'to do',
      to: `localhost:${target.port}`,
      toNodeId: toId,
    });
    await expect(locate()).rejects.toMatchObject({
      type: needsPersonType,
      message: `${target.address}, the target of planned moves, is not registered any more`,
    });
  } finally {
    await cluster.query(`update pg_dist_node set nodename = $1 where nodeid = $2`, [target.host, toId]);
  }
});
