import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import type {
  OperationInputs,
  OperationReport,
  OperationStatus,
  OperationType,
  ScaleOutInput,
} from '../../src/contract/index.js';
import { writeConfig, type ConfigWishes } from '../../sandbox/config-file.js';
import {
  startCluster,
  startTemporal,
  type Flavour,
  type SandboxCluster,
  type SandboxNode,
  type StartOptions,
} from '../../sandbox/index.js';
import { startWorker, type WorkerProcess } from '../../sandbox/worker.js';
import { programOf } from './build.js';
import { workerCommand, type Patience } from './worker-process.js';

export type TemporalServer = Awaited<ReturnType<typeof startTemporal>>;

/** A cluster, a Temporal server of its own (the task queue's name is fixed) and a worker in a process of its own. */
export interface Stage {
  /** Called `demo` in the config. */
  cluster: SandboxCluster;
  /** Those that were asked for besides: `demo2`, `demo3`, … */
  others: SandboxCluster[];
  temporal: TemporalServer;
  client: Client;
  configFile: string;
  /** Folder of this stage; reports are kept in `reports/`. */
  folder: string;
  /** The worker that runs now. */
  worker: WorkerProcess;
  /** Another one, for one that was stopped or killed. */
  startWorker: () => Promise<void>;
  restartWorker: () => Promise<void>;
  /** Starts an operation as any Temporal client would, approved unless the input says otherwise. */
  start: <Type extends OperationType>(
    type: Type,
    id: string,
    input: Omit<OperationInputs[Type], 'cluster'> & { cluster?: string },
  ) => Promise<Operation>;
  scaleOut: (id: string, input: Partial<ScaleOutInput>) => Promise<Operation>;
  end: () => Promise<void>;
}

export interface Operation {
  id: string;
  status: () => Promise<OperationStatus>;
  /** Waits until the status is so; fails, showing the last one, when the operation has ended otherwise or time is up. */
  until: (
    wanted: string,
    test: (status: OperationStatus) => boolean,
    seconds?: number,
  ) => Promise<OperationStatus>;
  update: (name: string, args: object) => Promise<unknown>;
  cancel: () => Promise<void>;
  terminate: () => Promise<void>;
  result: () => Promise<OperationReport>;
}

/** The flavour to test against: the machine's own choice, or what SANDBOX_FLAVOUR says. */
export const flavour = process.env['SANDBOX_FLAVOUR'] as Flavour | undefined;

export async function setStage(
  options: {
    start?: Partial<StartOptions>;
    /** Those of the cluster's entry; a function is asked once the data is loaded. */
    wishes?: ConfigWishes | ((cluster: SandboxCluster) => Promise<ConfigWishes>);
    load?: (cluster: SandboxCluster) => Promise<unknown>;
    /** The patience of its workers; default: that of the command. */
    worker?: Patience;
    /** More clusters, with the same data. */
    others?: number;
    /** More entries of the config that mean the first cluster. */
    aliases?: ConfigWishes[];
  } = {},
): Promise<Stage> {
  const [cluster, temporal] = await Promise.all([
    startCluster({ workers: 2, flavour, ...options.start }),
    startTemporal({ ui: false }),
  ]);
  await (options.load ?? smallData)(cluster);
  const others: SandboxCluster[] = [];
  for (let more = options.others ?? 0; more > 0; more -= 1) {
    const other = await startCluster({ workers: 2, flavour, ...options.start });
    others.push(other);
    await (options.load ?? smallData)(other);
  }
  const wished = typeof options.wishes === 'function' ? await options.wishes(cluster) : options.wishes;
  // Most tests catch a move while it runs; one that blocks writes is over too soon.
  const wishes = { maxWriteStall: '0s', ...wished };
  const start = (): Promise<WorkerProcess> =>
    startWorker(configFile, temporal.address, { command: workerCommand(options.worker) });
  const { folder } = cluster;
  const configFile = join(folder, 'citus-scaler.yaml');
  const aliases = (options.aliases ?? []).map((alias) => ({
    cluster,
    wishes: { maxWriteStall: '0s', ...alias },
  }));
  writeConfig(
    configFile,
    [
      { cluster, wishes },
      ...others.map((other) => ({ cluster: other, wishes: { maxWriteStall: '0s' } })),
      ...aliases,
    ],
    {
      reports: join(folder, 'reports'),
      provisionerProgram: programOf('sandbox/provisioner.ts'),
    },
  );
  const connection = await Connection.connect({ address: temporal.address });
  const client = new Client({ connection });
  const stage: Stage = {
    cluster,
    others,
    temporal,
    client,
    configFile,
    folder,
    worker: await start(),
    startWorker: async () => {
      stage.worker = await start();
    },
    restartWorker: async () => {
      await stage.worker.kill();
      await stage.startWorker();
    },
    start: (type, id, input) => startOperation(client, type, id, input),
    scaleOut: (id, input) => stage.start('scaleOut', id, input),
    end: async () => {
      await stage.worker.kill();
      await connection.close();
      await Promise.all([cluster, ...others, temporal].map((each) => each.stop()));
    },
  };
  return stage;
}

/** Starts an operation as any Temporal client would, approved unless the input says otherwise. */
export async function startOperation<Type extends OperationType>(
  client: Client,
  type: Type,
  id: string,
  input: Omit<OperationInputs[Type], 'cluster'> & { cluster?: string },
): Promise<Operation> {
  await client.workflow.start(type, {
    taskQueue: 'citus-scaler',
    workflowId: id,
    args: [{ cluster: 'demo', approval: 'auto', ...input }],
  });
  return operation(client, id);
}

export function operation(client: Client, id: string): Operation {
  const handle = client.workflow.getHandle(id);
  const status = (): Promise<OperationStatus> => handle.query<OperationStatus>('status');
  return {
    id,
    status,
    until: async (wanted, test, seconds = 60) => {
      let last: OperationStatus | undefined;
      for (const end = Date.now() + seconds * 1_000; Date.now() < end;) {
        last = await status().catch(() => last);
        if (last && test(last)) return last;
        if (last && ['done', 'failed', 'cancelled'].includes(last.state)) break;
        await new Promise((resolve) => setTimeout(resolve, 150));
      }
      throw new Error(`${id} never was ${wanted}: ${JSON.stringify(last, null, 1)}`);
    },
    update: (name, args) => handle.executeUpdate(name, { args: [args] }),
    cancel: async () => {
      await handle.cancel();
    },
    terminate: async () => {
      await handle.terminate();
    },
    result: () => handle.result() as Promise<OperationReport>,
  };
}

/** Three tables in two colocation groups and a reference table, 8 shards each, a few thousand rows. */
export async function smallData(cluster: Pick<SandboxCluster, 'query'>): Promise<void> {
  const statements = [
    `create table tenants (tenant_id bigint primary key, name text not null)`,
    `create table orders (tenant_id bigint, order_id bigint, note text, primary key (tenant_id, order_id))`,
    `create table events (device_id bigint, at timestamptz, payload text, primary key (device_id, at))`,
    `create table plans (id int primary key, name text)`,
    `select create_distributed_table('tenants', 'tenant_id', shard_count => 8)`,
    `select create_distributed_table('orders', 'tenant_id', colocate_with => 'tenants')`,
    `select create_distributed_table('events', 'device_id', shard_count => 8, colocate_with => 'none')`,
    `select create_reference_table('plans')`,
    `insert into tenants select i, 'tenant ' || i from generate_series(1, 200) i`,
    `insert into orders select i % 200 + 1, i, repeat(md5(i::text), 8) from generate_series(1, 4000) i`,
    `insert into events select i, timestamptz '2026-01-01' + i * interval '1 s', md5(i::text) from generate_series(1, 2000) i`,
    `insert into plans values (1, 'free'), (2, 'paid')`,
  ];
  for (const statement of statements) await cluster.query(statement);
}

/** Rows and a checksum that doesn't depend on their order, by table. */
export async function fingerprint(cluster: Pick<SandboxCluster, 'query'>): Promise<Record<string, string>> {
  const result: Record<string, string> = {};
  for (const table of ['tenants', 'orders', 'events', 'plans']) {
    const [row] = await cluster.query<{ print: string }>(
      `select count(*) || ':' || coalesce(sum(hashtext(t::text)::bigint), 0) as print from ${table} t`,
    );
    result[table] = row?.print ?? 'none';
  }
  return result;
}

/** Nodes with their shards: what the end of an operation is compared by. */
export async function workersOf(cluster: SandboxCluster): Promise<{ port: number; shards: number }[]> {
  const rows = await cluster.query<{ port: number; shards: number }>(
    `select n.nodeport as port, count(s.shardid)::int as shards
       from pg_dist_node n left join pg_dist_placement p using (groupid)
       left join (pg_dist_shard s join pg_dist_partition t on t.logicalrelid = s.logicalrelid and t.partmethod = 'h') on s.shardid = p.shardid
      where n.groupid > 0 group by 1 order by 1`,
  );
  return rows;
}

/** The setting that a movement lowers, as it is on each server now. */
export async function retryIntervals(cluster: SandboxCluster): Promise<string[]> {
  const read = cluster.workers
    .filter((node) => node.isRunning())
    .map((node) =>
      node.query<{ value: string }>(`select current_setting('wal_retrieve_retry_interval') as value`),
    );
  return [...new Set((await Promise.all(read)).map(([row]) => row?.value ?? ''))];
}

/** Marks a node as an administrator would: whether it should hold shards. */
export async function mark(
  cluster: SandboxCluster,
  { host, port }: Pick<SandboxNode, 'host' | 'port'>,
  shouldHaveShards: boolean,
): Promise<void> {
  await cluster.query(`select citus_set_node_property($1, $2, 'shouldhaveshards', $3)`, [
    host,
    port,
    shouldHaveShards,
  ]);
}

/** Whether each worker should hold shards. */
export async function marksOf(cluster: SandboxCluster): Promise<Record<string, boolean>> {
  const rows = await cluster.query<{ node: string; should: boolean }>(
    `select nodename || ':' || nodeport as node, shouldhaveshards as should from pg_dist_node where groupid > 0`,
  );
  return Object.fromEntries(rows.map(({ node, should }) => [node, should]));
}
