import type { SandboxCluster } from '../../sandbox/index.js';

/** Distinct values of the distribution column of `big`. */
export const bigKeys = 20_000;

/** One table of so many shards and about so many bytes, in rows of 1.9 kB that PostgreSQL neither compresses nor puts elsewhere. */
export async function loadBig(cluster: SandboxCluster, bytes: number, shards = 32): Promise<void> {
  await cluster.query(
    'create table big (device bigint, i bigint, n int not null default 0, filling text, primary key (device, i))',
  );
  await cluster.query(`select create_distributed_table('big', 'device', shard_count => $1)`, [shards]);
  // Filled where the rows belong, by each worker in parallel; updates by key touch few rows of a device.
  await cluster.query(
    `insert into big select i % $1, i, 0, repeat(md5(i::text), 56) from generate_series(1, $2::bigint) i`,
    [bigKeys, Math.round(bytes / 1_900)],
  );
  await cluster.query('vacuum analyze big');
}
