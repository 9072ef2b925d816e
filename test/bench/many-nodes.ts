import { appendFileSync } from 'node:fs';
import { startCluster, type Flavour, type SandboxCluster } from '../../sandbox/index.js';

/** The loopback network has 16 million addresses, so that a few servers can stand for many. */
export const alias = (index: number): string => `127.1.${Math.floor(index / 200)}.${(index % 200) + 1}`;

/** A cluster whose servers answer on every loopback address; who may log in is the same as ever. */
export async function startManyFaced(flavour: Flavour, workers: number): Promise<SandboxCluster> {
  const cluster = await startCluster({
    flavour,
    workers,
    settings: { listen_addresses: '0.0.0.0', max_connections: '600' },
  });
  appendFileSync(cluster.passwordFile, `*:*:*:${cluster.user}:${cluster.password}\n`);
  return cluster;
}

export interface ManyShards {
  workers: number;
  /** Tables, four to a colocation group. */
  tables: number;
  shardsPerTable: number;
  /** Shard groups that Citus's planner is made to want to move, to the address of each new node in turn. */
  moves: number;
  newNodes: string[];
}

/**
 * Makes the coordinator's catalog that of a much larger cluster: rows of nodes, shards and placements without
 * anything behind them. The nodes are aliases of the cluster's only worker, so that they answer. Citus's own planner and its reading of
 * sizes are replaced by canned answers: what is left of a preflight and a plan is our own share.
 */
export async function pretendManyShards(cluster: SandboxCluster, wishes: ManyShards): Promise<void> {
  const { workers, tables, shardsPerTable, moves, newNodes } = wishes;
  const port = cluster.workers[0]?.port ?? 0;
  await cluster.query(`
    do $$ begin for t in 1..${tables} loop
      execute format('create table pretended_%s (id bigint primary key)', t);
    end loop; end $$`);
  await cluster.query('delete from pg_dist_node where groupid > 0');
  await cluster.query(
    `insert into pg_dist_node (nodeid, groupid, nodename, nodeport, hasmetadata, isactive, metadatasynced, shouldhaveshards)
     select 1000 + i, 1000 + i, a, $2, true, true, true, true from unnest($1::text[]) with ordinality u(a, i)`,
    [Array.from({ length: workers }, (_, index) => alias(index)), port],
  );
  await cluster.query(`
    insert into pg_dist_partition (logicalrelid, partmethod, partkey, colocationid, repmodel, autoconverted)
    select ('pretended_' || t)::regclass, 'h', null, 1000 + t / 4, 's', false from generate_series(1, ${tables}) t`);
  await cluster.query(`
    insert into pg_dist_shard (logicalrelid, shardid, shardstorage, shardminvalue, shardmaxvalue)
    select ('pretended_' || t)::regclass, 1000000 + t * ${shardsPerTable} + s, 't', s::text, s::text
      from generate_series(1, ${tables}) t, generate_series(0, ${shardsPerTable - 1}) s`);
  await cluster.query(`
    insert into pg_dist_placement (placementid, shardid, shardstate, shardlength, groupid)
    select shardid, shardid, 1, 0, 1001 + (shardminvalue::int + t.colocationid) % ${workers}
      from pg_dist_shard s join pg_dist_partition t using (logicalrelid) where s.logicalrelid::text like 'pretended%'`);
  await cluster.query('analyze pg_dist_shard, pg_dist_placement, pg_dist_node');
  await cannedAnswers(cluster, moves, newNodes);
}

async function cannedAnswers(cluster: SandboxCluster, moves: number, newNodes: string[]): Promise<void> {
  await cluster.query(
    `create table pretended_plan as
     with groups as (
       select t.colocationid, s.shardminvalue, row_number() over (order by t.colocationid, s.shardminvalue::int) as n
         from pg_dist_shard s join pg_dist_partition t using (logicalrelid)
        where s.logicalrelid::text like 'pretended%' group by 1, 2 limit $1)
     select s.logicalrelid as table_name, s.shardid, 0::bigint as shard_size, n.nodename as sourcename, n.nodeport as sourceport,
            split_part(($2::text[])[1 + g.n % cardinality($2::text[])], ':', 1) as targetname,
            split_part(($2::text[])[1 + g.n % cardinality($2::text[])], ':', 2)::int as targetport
       from groups g join pg_dist_partition t using (colocationid)
       join pg_dist_shard s on s.logicalrelid = t.logicalrelid and s.shardminvalue = g.shardminvalue
       join pg_dist_placement p using (shardid) join pg_dist_node n using (groupid)`,
    [moves, newNodes],
  );
  await replaceBody(cluster, 'get_rebalance_table_shards_plan', 'select * from public.pretended_plan');
  await replaceBody(
    cluster,
    'citus_shard_sizes',
    'select shardid::int, 10000000 + shardid % 1000 from pg_dist_shard',
  );
}

/** Keeps a function's signature and gives it another body. */
async function replaceBody(cluster: SandboxCluster, name: string, body: string): Promise<void> {
  const [found] = await cluster.query<{ head: string }>(
    `select format('create or replace function pg_catalog.%I(%s) returns %s', proname, pg_get_function_arguments(oid), pg_get_function_result(oid)) as head
       from pg_proc where proname = $1 order by pronargs desc limit 1`,
    [name],
  );
  await cluster.query(`${found?.head ?? ''} language sql as $canned$ ${body} $canned$`);
}
