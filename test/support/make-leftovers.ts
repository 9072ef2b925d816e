import pg from 'pg';
import type { SandboxCluster, SandboxNode } from '../../sandbox/index.js';
import { withClient } from '../../sandbox/postgres/query.js';

/** A shard of a table with the server that it is placed on, and another worker. */
export interface PlacedShard {
  shardId: number;
  /** `orders_102008` */
  name: string;
  home: SandboxNode;
  other: SandboxNode;
}

/** Shards of a distributed table, the first first. */
export async function placedShards(cluster: SandboxCluster, table: string): Promise<PlacedShard[]> {
  const rows = await cluster.query<{ id: string; port: number }>(
    `select s.shardid::text as id, n.nodeport as port from pg_dist_shard s join pg_dist_placement p using (shardid)
       join pg_dist_node n using (groupid) where s.logicalrelid = $1::regclass order by 1`,
    [table],
  );
  return rows.map(({ id, port }) => {
    const home = cluster.workers.find((node) => node.port === port);
    const other = cluster.workers.find((node) => node.port !== port);
    if (!home || !other) throw new Error(`shard ${id} is on no worker`);
    return { shardId: Number(id), name: `${table}_${id}`, home, other };
  });
}

/** Statements on a node that reach no other, in one session, as somebody who knows what they do gives them. */
export async function byHand(node: SandboxNode, ...statements: string[]): Promise<void> {
  await withClient(node.login, async (client) => {
    await client.query('set citus.enable_ddl_propagation = off');
    await client.query(`select set_config('citus.override_table_visibility', 'off', false)`);
    await client.query(`select set_config('citus.enable_manual_changes_to_shards', 'on', false)`);
    for (const statement of statements) await client.query(statement);
  });
}

/** Whether a node has such a table. */
export async function hasTable(node: SandboxNode, name: string): Promise<boolean> {
  return withClient(node.login, async (client) => {
    await client.query(`select set_config('citus.override_table_visibility', 'off', false)`);
    const { rows } = await client.query<{ there: boolean }>(
      'select exists (select from pg_class where relname = $1) as there',
      [name],
    );
    return rows[0]?.there ?? false;
  });
}

/** A row that Citus can't ever carry out, unless `groupId` is one of a node. */
export async function putOff(
  cluster: SandboxCluster,
  {
    name,
    groupId,
    type = 1,
    operation = 900,
  }: { name: string; groupId: number; type?: number; operation?: number },
): Promise<void> {
  await cluster.query(
    `insert into pg_dist_cleanup (record_id, operation_id, object_type, object_name, node_group_id, policy_type)
     values (nextval('pg_dist_cleanup_recordid_seq'), $4, $3, $1, $2, 1)`,
    [name, groupId, type, operation],
  );
}

/** Somebody's server that believes to be a node of the cluster, connected to one of it. */
export async function asNode(node: SandboxNode, nodeId: number): Promise<{ end: () => Promise<void> }> {
  const client = new pg.Client({
    ...node.login,
    application_name: `citus_internal gpid=${nodeId}0000001234`,
  });
  client.on('error', () => undefined);
  await client.connect();
  return { end: () => client.end() };
}
