import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { SandboxCluster, SandboxNode } from '../../../sandbox/index.js';
import { runMove } from '../../../src/activities/moving/move-group.js';
import type { Attention, FailureDetails } from '../../../src/contract/index.js';
import type { ClusterConfig } from '../../../src/config/index.js';
import { configOf } from '../connect/support.js';

/** What a failed move would make of its activity. */
export interface Failed {
  type: string;
  message: string;
  details: [FailureDetails];
}

export interface WatchedMove {
  shardId: number;
  /** What the heartbeat would say now. */
  message: () => string | undefined;
  /** Attentions in their order; null for "well again". */
  told: (Attention | null)[];
  /** How it ended, or what it failed with. */
  end: Promise<string | Failed>;
  /** As a cancel of the operation does. */
  stop: () => void;
}

let moves = 0;

/** One move of a shard between two nodes, by the code that the activity runs, told of stalls after seconds. */
export async function move(
  cluster: SandboxCluster,
  from: SandboxNode,
  to: SandboxNode,
  shardId: number | null = null,
  config: ClusterConfig = configOf(cluster),
): Promise<WatchedMove> {
  moves += 1;
  const [row] = await cluster.query<{ shardId: number; fromNodeId: number; toNodeId: number }>(
    `select p.shardid::int as "shardId", f.nodeid as "fromNodeId", t.nodeid as "toNodeId"
       from pg_dist_placement p join pg_dist_shard s using (shardid) join pg_dist_node f using (groupid), pg_dist_node t
      where f.nodeport = $1 and t.nodeport = $2
        and case when $3::bigint is null then s.logicalrelid = 'orders'::regclass else p.shardid = $3 end order by 1 limit 1`,
    [from.port, to.port, shardId],
  );
  if (!row) throw new Error('no shard to move');
  const stop = new AbortController();
  let message: string | undefined;
  const told: (Attention | null)[] = [];
  const end = runMove(
    config,
    {
      ...row,
      state: 'to do',
      tables: ['orders'],
      operationId: `stalls-${moves}`,
      shardIds: [row.shardId],
      from: from.address,
      to: to.address,
      transferMode: 'auto',
      running: false,
    },
    () => Promise.resolve(),
    { cancel: stop.signal, leave: new AbortController().signal },
    {
      progress: () => undefined,
      message: (now) => {
        message = now;
      },
      times: { quietMs: 2_000, patienceMs: 5_000 },
      channel: {
        attention: (attention) => told.push(attention),
        clear: () => {
          if (told.at(-1)) told.push(null);
        },
        get times() {
          return told.filter((each) => each !== null).length;
        },
      },
    },
  ).catch((error: unknown) => error as Failed);
  return {
    shardId: row.shardId,
    message: () => message,
    told,
    end,
    stop: () => {
      stop.abort();
    },
  };
}

/** A session on a server, with an open transaction in it that has written. */
export async function openWrite(node: SandboxNode, database: string, name: string): Promise<pg.Client> {
  const client = new pg.Client({ ...node.login, database, application_name: name });
  client.on('error', () => undefined);
  await client.connect();
  await client.query('create table if not exists written (i int)');
  await client.query('begin');
  await client.query('insert into written values (1)');
  return client;
}

export async function movePid(cluster: SandboxCluster, shardId: number): Promise<number> {
  for (const end = Date.now() + 20_000; Date.now() < end;) {
    const [row] = await cluster.query<{ pid: number }>(
      `select pid from pg_stat_activity where application_name ~ $1 and state = 'active'`,
      [`^citus-scaler:.*:move:${shardId}$`],
    );
    if (row) return row.pid;
    await sleep(100);
  }
  throw new Error('the move never ran');
}
