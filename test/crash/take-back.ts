import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import type { SandboxCluster } from '../../sandbox/cluster/cluster.js';
import { withClient } from '../../sandbox/postgres/query.js';
import { leftovers } from './leftovers.js';

/** Where each shard of a distributed table is: the shard, and `host:port`. */
export type Layout = Map<number, string>;

export async function readLayout(cluster: SandboxCluster): Promise<Layout> {
  const rows = await cluster.query<{ shard: number; node: string }>(
    `select p.shardid::int as shard, n.nodename || ':' || n.nodeport as node
       from pg_dist_placement p join pg_dist_node n using (groupid) join pg_dist_shard s using (shardid)
       join pg_dist_partition t on t.logicalrelid = s.logicalrelid and t.partmethod = 'h' order by 1`,
  );
  return new Map(rows.map(({ shard, node }) => [shard, node]));
}

/**
 * Undoes by hand what an operation has done to a cluster that is in order: a tenth of the work of a snapshot.
 * @throws when the cluster is not where it was after it
 */
export async function takeBack(cluster: SandboxCluster, before: Layout): Promise<void> {
  const original = new Set(before.values());
  await cluster.query(
    `select citus_set_node_property(nodename, nodeport, 'shouldhaveshards', true) from pg_dist_node where groupid > 0 and not shouldhaveshards`,
  );
  await moveBack(cluster, before);
  const left = await leftovers(cluster);
  if (left.length > 0) throw new Error(left.join('\n'));
  for (const node of cluster.workers.filter(({ address }) => !original.has(address))) {
    await withClient(cluster.coordinator.login, async (client) => {
      const params = [node.host, node.port];
      const { rowCount } = await client.query(
        'select from pg_dist_node where nodename = $1 and nodeport = $2',
        params,
      );
      if (rowCount === 0) return;
      await client.query('begin');
      await client.query('select stop_metadata_sync_to_node($1, $2)', params);
      await client.query('select citus_remove_node($1, $2)', params);
      await client.query('commit');
    });
    await node.stop('immediate');
    rmSync(dirname(node.dataFolder), { recursive: true, force: true });
  }
  const now = await readLayout(cluster);
  for (const [shard, node] of before)
    if (now.get(shard) !== node) throw new Error(`shard ${shard} could not be moved back`);
}

/** Moves each shard to where it was. */
export async function moveBack(cluster: SandboxCluster, before: Layout): Promise<void> {
  const now = await readLayout(cluster);
  const nodes = await cluster.query<{ id: number; node: string }>(
    `select nodeid as id, nodename || ':' || nodeport as node from pg_dist_node`,
  );
  const ids = new Map(nodes.map(({ id, node }) => [node, id]));
  await withClient(cluster.coordinator.login, async (client) => {
    for (const [shard, from] of now) {
      const to = before.get(shard);
      // A move takes its whole group along; the others of it are there then, which is a warning.
      if (to !== from)
        await client.query(`select citus_move_shard_placement($1, $2::int, $3::int, 'block_writes')`, [
          shard,
          ids.get(from),
          ids.get(to ?? ''),
        ]);
    }
  });
}
