import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { SandboxCluster, SandboxNode } from '../../../sandbox/index.js';

/** Those who write rows through every server, and know which of them were acknowledged. */
export interface Writers {
  stop: () => Promise<void>;
  /** Stops them and says what became of their rows that should not have; takes their table away. */
  over: (cluster: SandboxCluster) => Promise<string[]>;
}

/** Milliseconds between the rows of one writer. */
const pauseMs = 40;

/** Writes to a table with a sequence, whose shards go where the tenants go. */
export async function startWriters(cluster: SandboxCluster): Promise<Writers> {
  await cluster.query('create table numbered (key bigint, id bigserial)');
  await cluster.query(`select create_distributed_table('numbered', 'key', colocate_with => 'tenants')`);
  const acknowledged: number[] = [];
  const failures = new Set<string>();
  const stopped = new AbortController();
  let keys = 0;
  const write = async (client: pg.Client): Promise<void> => {
    keys += 1;
    const key = keys;
    await client.query('insert into numbered (key) values ($1)', [key]);
    acknowledged.push(key);
  };
  const goOn = async (node: SandboxNode): Promise<void> => {
    while (!stopped.signal.aborted)
      await connected(node, async (client) => {
        while (!stopped.signal.aborted) {
          await write(client);
          await sleep(pauseMs);
        }
      }).catch(async (error: unknown) => {
        failures.add(`a write through ${node.name} failed: ${String(error)}`);
        await sleep(pauseMs);
      });
  };
  const writing = [cluster.coordinator, ...cluster.workers].map(goOn);
  const stop = async (): Promise<void> => {
    stopped.abort();
    await Promise.all(writing);
  };
  return {
    stop,
    over: async (now) => {
      await stop();
      const entries = await inService(now);
      for (const node of entries) await connected(node, write);
      const rows = await now.query<{ key: number; id: number }>(
        'select key::int as key, id::text as id from numbered',
      );
      const keysThere = new Set(rows.map(({ key }) => key));
      const lost = acknowledged.filter((key) => !keysThere.has(key));
      const numbers = new Set(rows.map(({ id }) => id)).size;
      await now.query('drop table numbered');
      return [
        ...failures,
        ...(lost.length > 0 ? [`${lost.length} of ${acknowledged.length} acknowledged rows are lost`] : []),
        ...(numbers < rows.length ? [`${rows.length - numbers} numbers were given twice`] : []),
      ];
    },
  };
}

async function inService(cluster: SandboxCluster): Promise<SandboxNode[]> {
  const rows = await cluster.query<{ port: number }>(
    'select nodeport as port from pg_dist_node where isactive and not nodeisclone',
  );
  const ports = new Set(rows.map(({ port }) => port));
  return [cluster.coordinator, ...cluster.workers].filter(
    (node) => node === cluster.coordinator || ports.has(node.port),
  );
}

async function connected(node: SandboxNode, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client(node.login);
  client.on('error', () => undefined);
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}
