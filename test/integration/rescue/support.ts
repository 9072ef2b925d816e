import { withClient, type SandboxCluster, type SandboxNode } from '../../../sandbox/index.js';
import { forgetNodes, type DeadNode } from '../../../src/citus/lost/give-up.js';
import { sessionOver, type Db } from '../../../src/citus/session/db.js';

/** Does work in a session as activities have it, with the search_path that they set. */
function asSession<T>(cluster: SandboxCluster, work: (db: Db) => Promise<T>): Promise<T> {
  return withClient(cluster.coordinator.login, async (client) => {
    await client.query('set search_path = pg_catalog');
    return work(sessionOver(client, cluster.coordinator.address, 0));
  });
}

/** The row of a worker, as whoever takes it out needs it. */
async function rowOf(cluster: SandboxCluster, { port, address }: SandboxNode): Promise<DeadNode> {
  const [row] = await cluster.query<Omit<DeadNode, 'node'>>(
    `select nodeid as "nodeId", groupid as "groupId" from pg_dist_node where nodeport = $1`,
    [port],
  );
  if (!row) throw new Error('not registered');
  return { node: address, ...row };
}

/** Kills a worker for good, gives up what only it held, and makes its shards anew on the others; real Citus only. */
export async function killAndGiveUp(cluster: SandboxCluster, worker: SandboxNode): Promise<void> {
  const dead = await rowOf(cluster, worker);
  await worker.kill();
  await asSession(cluster, (db) => forgetNodes(db, [dead], () => true, 'a test'));
  await cluster.query(
    `select citus_rebalance_start(drain_only => true, shard_transfer_mode => 'block_writes')`,
  );
  await cluster.query('select citus_rebalance_wait()');
}
