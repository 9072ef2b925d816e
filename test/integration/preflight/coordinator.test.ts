import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { withClient, type SandboxCluster } from '../../../sandbox/index.js';
import { follow } from '../../support/follow-remedy.js';
import { checkOf, failing, preflightOf, startWithOrders, type Wishes } from './support.js';

let cluster: SandboxCluster;
beforeAll(async () => {
  cluster = await startWithOrders();
});
afterAll(() => cluster.stop());

const preflight = (...wishes: Wishes) => preflightOf(cluster, ...wishes);

test('a database without Citus, and a worker, are no coordinator', async () => {
  const other = await preflight({ nodes: [] }, {}, { database: 'postgres' });
  expect(failing(other)).toContain('blocker is-coordinator');
  const worker = await preflight({ nodes: [] }, {}, { port: cluster.workers[0]?.port });
  expect(checkOf(worker, 'is-coordinator').evidence).toContain('worker');
});

test('a coordinator that takes no writes blocks', async () => {
  await cluster.query(`ALTER DATABASE ${cluster.database} SET default_transaction_read_only = on`);
  try {
    const checks = await preflight();
    expect(failing(checks)).toEqual(['blocker coordinator-writable']);
    await follow(cluster, checkOf(checks, 'coordinator-writable').remedy?.text ?? '');
    expect(checkOf(await preflight(), 'coordinator-writable').ok).toBe(true);
  } finally {
    await cluster.query(
      `BEGIN READ WRITE; ALTER DATABASE ${cluster.database} RESET default_transaction_read_only;
       ALTER ROLE ${cluster.user} IN DATABASE ${cluster.database} RESET ALL; COMMIT`,
    );
  }
});

test('a Citus that is too old is refused by name, before anything is asked that it hasn’t', async () => {
  await withExtension('11.3-1', async () => {
    const checks = await preflight();
    expect(failing(checks)).toEqual(['blocker supported-versions']);
    expect(checkOf(checks, 'supported-versions').evidence).toBe(
      'Citus 11.3 is too old: 12.1 is the oldest that works',
    );
  });
});

test('an update of Citus that was not finished blocks, with the statement that finishes it', async () => {
  await withExtension('99.0-1', async () => {
    const check = checkOf(await preflight(), 'supported-versions');
    expect(check).toMatchObject({ severity: 'blocker', ok: false });
    expect(check.remedy?.text).toContain('ALTER EXTENSION citus UPDATE');
  });
});

test('wrong credentials come out as PostgreSQL says them', async () => {
  await expect(preflight({}, {}, { user: 'nobody_here' })).rejects.toMatchObject({ code: '28P01' });
  await expect(preflight({}, {}, { database: 'no_such_db' })).rejects.toMatchObject({ code: '3D000' });
});

test('a pooler in between is recognised', async () => {
  const { server, port } = await poolerBefore(cluster.coordinator.port);
  const checks = await preflight({ nodes: [] }, {}, { port });
  server.close();
  expect(checkOf(checks, 'pooler')).toMatchObject({ severity: 'blocker', ok: false });
});

test('where Patroni runs a server, data may move; what works against it blocks, with what to do', async () => {
  const [worker] = cluster.workers;
  if (!worker) throw new Error('no worker');
  const patroni = new pg.Client({ ...worker.login, application_name: 'Patroni heartbeat' });
  await patroni.connect();
  const { address: node } = worker;
  const patroniCheck = async (...wishes: Wishes) => checkOf(await preflight(...wishes), 'patroni');
  try {
    for (const type of ['rebalance', 'cleanUp', 'drainWorker'] as const)
      expect(await patroniCheck({ nodes: [node] }, { type })).toMatchObject({
        ok: true,
        evidence: expect.stringContaining(`${node}: a session of Patroni heartbeat`) as string,
      });
    // It doesn't run the coordinator, so it registers nothing.
    expect(await patroniCheck({ add: 1 })).toMatchObject({ ok: true });
    await withClient(cluster.coordinator.login, async (client) => {
      await client.query(`SET application_name = 'Patroni citus'`);
      expect(await patroniCheck({ add: 1 })).toMatchObject({
        severity: 'blocker',
        ok: false,
        remedy: { action: 'scaleOut' },
      });
      const coming = await patroniCheck({ nodes: ['127.0.0.1:1'] });
      expect(coming).toMatchObject({ ok: true, evidence: expect.stringContaining('127.0.0.1:1') as string });
    });
    for (const method of ['clone', 'move'])
      expect((await patroniCheck({ node, method }, { type: 'replaceWorker' })).remedy?.text).toContain(
        'patronictl switchover',
      );
  } finally {
    await patroni.end();
  }
});

/** Says of the extension that it is of another version. Then Citus's own functions refuse: they must not be asked. */
async function withExtension(version: string, work: () => Promise<void>): Promise<void> {
  const say = (text: unknown) =>
    cluster.query(`UPDATE pg_catalog.pg_extension SET extversion = $1 WHERE extname = 'citus'`, [text]);
  const [before] = await cluster.query<{ extversion: string }>(
    `SELECT extversion FROM pg_catalog.pg_extension WHERE extname = 'citus'`,
  );
  await say(version);
  try {
    await work();
  } finally {
    await say(before?.extversion);
  }
}

/** Passes everything on, but hands out another process id than the server's, as poolers do. */
async function poolerBefore(port: number): Promise<{ server: Server; port: number }> {
  const server = createServer((client) => {
    const behind = connect(port, '127.0.0.1');
    client.on('error', () => behind.destroy()).pipe(behind);
    behind.on('error', () => client.destroy()).on('end', () => client.end());
    behind.on('data', (data: Buffer) => {
      const key = data.indexOf(Buffer.from([0x4b, 0, 0, 0, 12])); // BackendKeyData
      if (key >= 0) data.writeInt32BE(data.readInt32BE(key + 5) + 1, key + 5);
      client.write(data);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, port: (server.address() as AddressInfo).port };
}
