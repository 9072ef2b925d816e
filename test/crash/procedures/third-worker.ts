import type { SandboxNode } from '../../../sandbox/index.js';
import type { Lane } from '../lane.js';

const key = 'crash/third';

/** The server of the third worker. */
export function thirdOf(lane: Lane): SandboxNode {
  const third = lane.cluster().workers.find((worker) => worker.key === key);
  if (!third) throw new Error('no third worker');
  return third;
}

/** A third worker, which the provisioner knows, with a part of the shards: what drains and removals are about. */
export async function thirdWorker(lane: Lane, { withShards }: { withShards: boolean }): Promise<string> {
  const cluster = lane.cluster();
  const node = await cluster.addNode({ key, name: 'provisioned-' });
  await cluster.query('select citus_add_node($1, $2)', [node.host, node.port]);
  // A movement copies them to where they lack, and they stay there whatever becomes of it.
  await cluster.query(`select replicate_reference_tables('block_writes')`);
  if (!withShards) return node.address;
  const groups = await cluster.query<{ shard: number; from: number; to: number }>(
    `select min(s.shardid)::int as shard, min(f.nodeid) as from, min(t.nodeid) as to
       from pg_dist_shard s join pg_dist_placement p using (shardid) join pg_dist_node f using (groupid)
       join pg_dist_partition d using (logicalrelid), pg_dist_node t
      where d.partmethod = 'h' and t.nodeport = $1
      group by d.colocationid, s.shardminvalue order by s.shardminvalue, d.colocationid limit 4`,
    [node.port],
  );
  for (const { shard, from, to } of groups)
    await cluster.query(`select citus_move_shard_placement($1, $2::int, $3::int, 'block_writes')`, [
      shard,
      from,
      to,
    ]);
  return node.address;
}
