import { execa } from 'execa';
import { join } from 'node:path';
import { pgConfig } from '../../sandbox/flavour.js';
import { withClient, type SandboxCluster, type SandboxNode } from '../../sandbox/index.js';
import { timed } from './measure.js';

interface FloorMove {
  shard: string;
  fromPort: number;
  toPort: number;
}

/**
 * Seconds that the same shards need at least: COPY from worker to worker and the primary key's index, so many at
 * once, with nothing of what makes a move safe. Leaves nothing behind.
 */
export async function floorOf(
  cluster: SandboxCluster,
  nodes: SandboxNode[],
  parallelMoves: number,
): Promise<number> {
  const moves = await plannedMoves(cluster, nodes);
  const { seconds } = await timed(async () => {
    const pending = [...moves];
    const lane = async (): Promise<void> => {
      for (let move = pending.pop(); move; move = pending.pop()) await copy(cluster, move);
    };
    await Promise.all(Array.from({ length: parallelMoves }, lane));
  });
  for (const node of nodes)
    await node.query(
      `do $$ declare t text; begin for t in select tablename from pg_tables where schemaname = 'floor' loop execute 'drop table floor.' || t; end loop; end $$`,
    );
  return seconds;
}

/** Citus's own plan, asked as if the nodes were registered. */
async function plannedMoves(cluster: SandboxCluster, nodes: SandboxNode[]): Promise<FloorMove[]> {
  const pretended = nodes.map(
    ({ host, port }, index) => `(1000 + ${index}, 1000 + ${index}, '${host}', ${port}, true, true)`,
  );
  return withClient(cluster.coordinator.login, async (client) => {
    await client.query('begin');
    await client.query(
      `insert into pg_dist_node (nodeid, groupid, nodename, nodeport, isactive, shouldhaveshards) values ${pretended.join(', ')}`,
    );
    const { rows } = await client.query<FloorMove>(
      `select 'big_' || shardid as shard, sourceport as "fromPort", targetport as "toPort"
         from get_rebalance_table_shards_plan('big')`,
    );
    await client.query('rollback');
    return rows;
  });
}

async function copy(cluster: SandboxCluster, { shard, fromPort, toPort }: FloorMove): Promise<void> {
  const { host, database, user, password } = cluster.coordinator.login;
  const psql = (port: number, ...commands: string[]) =>
    [
      join(pgConfig('--bindir') ?? '', 'psql'),
      ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-h', host, '-p', String(port), '-U', user, database].concat(
        commands.flatMap((command) => ['-c', command]),
      ),
    ] as const;
  const env = { PGPASSWORD: password, PGOPTIONS: '-c citus.enable_ddl_propagation=off' };
  const [program, create] = psql(
    toPort,
    'create schema if not exists floor',
    `create table floor.${shard} (device bigint, i bigint, n int not null, filling text)`,
  );
  await execa(program, create, { env });
  const binary = { env, encoding: 'buffer', buffer: false } as const;
  await execa(...psql(fromPort, `copy ${shard} to stdout (format binary)`), binary).pipe(
    ...psql(toPort, `copy floor.${shard} from stdin (format binary)`),
    { env },
  );
  await execa(...psql(toPort, `alter table floor.${shard} add primary key (device, i)`), { env });
}
