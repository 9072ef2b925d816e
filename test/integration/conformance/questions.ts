import pg from 'pg';
import { withClient, type SandboxCluster } from '../../../sandbox/index.js';

export interface Placement {
  shard: string;
  node: number;
  port: number;
}

/** Where the shards of a table lie, in the order of their hash ranges. */
export function placements(cluster: SandboxCluster, table: string): Promise<Placement[]> {
  return cluster.query<Placement & pg.QueryResultRow>(
    `SELECT shardid::text AS shard, nodeid AS node, nodeport AS port
     FROM pg_dist_shard JOIN pg_dist_placement USING (shardid) JOIN pg_dist_node USING (groupid)
     WHERE logicalrelid = $1::regclass AND noderole = 'primary' ORDER BY shardminvalue::bigint, nodeid`,
    [table],
  );
}

export async function nodeId(cluster: SandboxCluster, port: number): Promise<number> {
  const [row] = await cluster.query<{ nodeid: number }>(
    'SELECT nodeid FROM pg_dist_node WHERE nodeport = $1',
    [port],
  );
  if (!row) throw new Error(`no node with port ${port}`);
  return row.nodeid;
}

export async function addNode(
  cluster: SandboxCluster,
  node: { host: string; port: number },
): Promise<number> {
  const [row] = await cluster.query<{ id: number }>('SELECT citus_add_node($1, $2) AS id', [
    node.host,
    node.port,
  ]);
  return row?.id ?? 0;
}

/** What a refused statement answers. */
export interface Refusal {
  code: string | undefined;
  message: string;
}

/** Fails when the work succeeds. */
export async function refusal(work: Promise<unknown>): Promise<Refusal> {
  try {
    await work;
  } catch (error) {
    return errorOf(error);
  }
  throw new Error('it was not refused');
}

export function errorOf(error: unknown): Refusal {
  if (error instanceof pg.DatabaseError) return { code: error.code, message: error.message };
  return { code: undefined, message: String(error) };
}

/** Tenants whose rows lie on the node with this port. */
export async function tenantsOn(cluster: SandboxCluster, port: number): Promise<number[]> {
  const rows = await cluster.query<{ tenant: number }>(
    `SELECT tenant::int FROM generate_series(1::bigint, 20) tenant
       JOIN pg_dist_placement ON shardid = get_shard_id_for_distribution_column('tenants', tenant)
       JOIN pg_dist_node USING (groupid)
     WHERE nodeport = $1 ORDER BY tenant`,
    [port],
  );
  return rows.map(({ tenant }) => tenant);
}

/** Waits until every worker has heard of all changes. */
export async function inSync(cluster: SandboxCluster): Promise<void> {
  const late = `SELECT FROM pg_dist_node WHERE isactive AND hasmetadata AND NOT metadatasynced`;
  await until('the copies of the metadata', async () => (await cluster.query(late)).length === 0);
}

/** Runs statements in one transaction and takes it back. */
export function rolledBack<T>(cluster: SandboxCluster, work: (client: pg.Client) => Promise<T>): Promise<T> {
  return withClient(cluster.coordinator.login, async (client) => {
    await client.query('BEGIN');
    try {
      return await work(client);
    } finally {
      await client.query('ROLLBACK');
    }
  });
}

export async function until(what: string, test: () => Promise<boolean>, seconds = 60): Promise<void> {
  for (const end = Date.now() + seconds * 1000; Date.now() < end;) {
    if (await test()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${what} did not happen within ${seconds} s`);
}

/** A plan as `table#shard from>to`: the shard by its place among the table's hash ranges, nodes by their order. */
export async function plan(client: Pick<pg.Client, 'query'>, options: string): Promise<string[]> {
  const { rows } = await client.query<{ step: string }>(
    `WITH nodes AS (SELECT *, dense_rank() OVER (ORDER BY nodeid) - 1 AS number FROM pg_dist_node),
       shards AS (SELECT shardid, row_number() OVER (PARTITION BY logicalrelid ORDER BY shardminvalue::bigint) - 1 AS number FROM pg_dist_shard)
     SELECT p.table_name || '#' || x.number || ' ' || s.number || '>' || t.number AS step
     FROM get_rebalance_table_shards_plan(${options}) WITH ORDINALITY p
       JOIN shards x USING (shardid)
       JOIN nodes s ON s.nodename = sourcename AND s.nodeport = sourceport
       JOIN nodes t ON t.nodename = targetname AND t.nodeport = targetport
     ORDER BY p.ordinality`,
  );
  return rows.map(({ step }) => step);
}
