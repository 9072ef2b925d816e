import { createServer, type AddressInfo, type Server } from 'node:net';
import { DatabaseError } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startCluster, type SandboxCluster } from '../../../sandbox/index.js';
import {
  NodeNotAllowedError,
  NoWritableCoordinatorError,
  withCoordinator,
  withNode,
  type Db,
} from '../../../src/citus/session/connect.js';
import { SecretMissingError } from '../../../src/config/index.js';
import { flavour } from '../../support/stage.js';
import { configOf } from './support.js';

let cluster: SandboxCluster;
beforeAll(async () => {
  cluster = await startCluster({ workers: 2, flavour });
});
afterAll(() => cluster.stop());

const options = { applicationName: 'citus-scaler:test' };
const one = (db: Db) => db.query('SELECT 1');

async function failureOf(work: Promise<unknown>): Promise<Error> {
  try {
    await work;
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('it did not fail');
}

/** A server that answers what it is told to, and keeps what it was sent. */
async function hostile(
  answer: Buffer,
): Promise<{ server: Server; port: number; got: () => string; calls: () => number }> {
  let calls = 0;
  let got = '';
  const server = createServer((socket) => {
    calls += 1;
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      got += data.toString('latin1');
      socket.write(data.length === 8 ? Buffer.from('N') : answer);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, port: (server.address() as AddressInfo).port, got: () => got, calls: () => calls };
}

/** AuthenticationCleartextPassword */
const wantsCleartext = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 3]);

describe('a session on the coordinator', () => {
  test('has whole numbers, notices, its own name and no limits that would end a move', async () => {
    await withCoordinator(configOf(cluster), { ...options, statementTimeoutSeconds: 0 }, async (db) => {
      const rows = await db.query<Record<string, unknown>>(
        `SELECT 5000000000::int8 AS big, ARRAY[1, 2]::int8[] AS list, current_setting('application_name') AS name,
                current_setting('statement_timeout') AS statement, current_setting('lock_timeout') AS lock,
                current_setting('search_path') AS path, pg_backend_pid() AS pid`,
      );
      expect(rows).toEqual([
        {
          big: 5_000_000_000,
          list: [1, 2],
          name: 'citus-scaler:test',
          statement: '0',
          lock: '0',
          path: 'pg_catalog',
          pid: db.backendPid,
        },
      ]);
      await db.query(`DO $$ BEGIN RAISE NOTICE 'not seen'; RAISE WARNING 'seen'; END $$`);
      expect(db.warnings).toEqual(['seen']);
      expect(db.node).toBe(cluster.coordinator.address);
    });
  });

  test('stops a statement after 30 seconds unless told otherwise', async () => {
    await withCoordinator(configOf(cluster), options, async (db) => {
      expect(await db.query(`SELECT current_setting('statement_timeout') AS t`)).toEqual([{ t: '30s' }]);
    });
    const work = withCoordinator(configOf(cluster), { ...options, statementTimeoutSeconds: 1 }, (db) =>
      db.query('SELECT pg_sleep(5)'),
    );
    expect(await failureOf(work)).toMatchObject({ code: '57014' });
  });

  test('is not ended by a transaction_timeout of the database', async ({ skip }) => {
    const there = await cluster.query(`SELECT FROM pg_settings WHERE name = 'transaction_timeout'`);
    if (there.length === 0) skip('PostgreSQL has it from 17 on');
    const config = configOf(cluster);
    await cluster.query(`ALTER DATABASE ${cluster.database} SET transaction_timeout = '200ms'`);
    try {
      await withCoordinator(config, options, (db) => db.query('SELECT pg_sleep(1)'));
    } finally {
      await cluster.query(`ALTER DATABASE ${cluster.database} RESET transaction_timeout`);
    }
  });

  test('ends when the signal says so, and leaves no session behind', async () => {
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 300);
    const name = 'citus-scaler:to-be-aborted';
    const work = withCoordinator(configOf(cluster), { applicationName: name, signal: abort.signal }, (db) =>
      db.query('SELECT pg_sleep(1)'),
    );
    expect((await failureOf(work)).name).toBe('AbortError');
    await expect
      .poll(() => cluster.query('SELECT pid FROM pg_stat_activity WHERE application_name = $1', [name]), {
        timeout: 5_000,
      })
      .toEqual([]);
  });

  test('passes errors of PostgreSQL on as they are', async () => {
    const work = withCoordinator(configOf(cluster), options, (db) => db.query('SELECT 1 / 0'));
    const error = await failureOf(work);
    expect(error).toBeInstanceOf(DatabaseError);
    expect(error).toMatchObject({ code: '22012' });
  });
});

describe('the password', () => {
  test('comes from a file, a variable or the observer, at connect time', async () => {
    const config = configOf(cluster, {
      coordinator: { passwordFile: undefined, passwordEnv: 'TEST_CITUS_PASSWORD' },
    });
    expect(await failureOf(withCoordinator(config, options, one))).toBeInstanceOf(SecretMissingError);
    process.env['TEST_CITUS_PASSWORD'] = cluster.password;
    await withCoordinator(config, options, one);
    delete process.env['TEST_CITUS_PASSWORD'];
  });

  test('that is wrong is said with the code of PostgreSQL and without the password', async () => {
    process.env['TEST_CITUS_PASSWORD'] = 'not-the-right-one';
    const config = configOf(cluster, {
      coordinator: { passwordFile: undefined, passwordEnv: 'TEST_CITUS_PASSWORD' },
    });
    const error = await failureOf(withCoordinator(config, options, one));
    delete process.env['TEST_CITUS_PASSWORD'];
    expect(error).toMatchObject({ code: '28P01' });
    expect(JSON.stringify(error) + error.message + (error.stack ?? '')).not.toContain('not-the-right-one');
  });

  test('is not in the config', () => {
    expect(JSON.stringify(configOf(cluster))).not.toContain(cluster.password);
  });

  test.each(['disable', 'prefer'])(
    'is not sent in clear text, whatever the server asks (tls %s)',
    async (mode) => {
      const { server, port, got } = await hostile(wantsCleartext);
      const config = configOf(cluster, { coordinator: { port, tls: { mode } } });
      const error = await failureOf(withCoordinator(config, options, one));
      server.close();
      expect(error.name).toBe('CleartextRefusedError');
      expect(got()).not.toContain(cluster.password);
    },
  );

  test('is not sent at all to a server without TLS when TLS is required', async () => {
    const { server, port, got } = await hostile(wantsCleartext);
    const config = configOf(cluster, { coordinator: { port, tls: { mode: 'require' } } });
    const error = await failureOf(withCoordinator(config, options, one));
    server.close();
    expect(error.message).toBe(`127.0.0.1:${port} offers no TLS, and coordinator.tls.mode is require.`);
    expect(got()).not.toContain(cluster.user);
  });
});

describe('a server of the cluster', () => {
  test('may be connected to when it is registered', async () => {
    const worker = cluster.workers[0]?.address ?? '';
    await withNode(configOf(cluster), worker, options, async (db) => {
      expect(db.node).toBe(worker);
      expect(await db.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    });
  });

  test('is not even spoken to when nobody allowed it', async () => {
    const { server, port, calls } = await hostile(wantsCleartext);
    const node = `127.0.0.1:${port}`;
    expect(await failureOf(withNode(configOf(cluster), node, options, one))).toBeInstanceOf(
      NodeNotAllowedError,
    );
    const elsewhere = configOf(cluster, { allowedNodes: ['10.1.0.*:5432', '!10.*:5432'] });
    expect(await failureOf(withNode(elsewhere, node, options, one))).toBeInstanceOf(NodeNotAllowedError);
    expect(calls()).toBe(0);
    server.close();
  });

  test('may be connected to when a pattern allows it', async () => {
    const extra = await cluster.addNode();
    const config = configOf(cluster, { allowedNodes: ['127.0.0.*:*'] });
    await withNode(config, extra.address, options, one);
  });

  test.each(['db0', 'db0:5432/x', 'scaler@db0:5432', 'db0:5432#.internal:5432', '-oProxy:22'])(
    'is refused when it is no host:port: %s',
    async (node) => {
      const config = configOf(cluster, { allowedNodes: ['*:*'] });
      expect(await failureOf(withNode(config, node, options, one))).toBeInstanceOf(NodeNotAllowedError);
    },
  );
});

describe('several hosts of a coordinator', () => {
  const hosts = ['127.0.0.2', '127.0.0.1'];

  test('are tried until one takes writes', async () => {
    const config = configOf(cluster, { coordinator: { host: undefined, hosts } });
    await withCoordinator(config, options, async (db) => {
      expect(db.node).toBe(cluster.coordinator.address);
      await one(db);
    });
  });

  test('are all named when none does; an error of the work leads to no other host', async () => {
    const config = configOf(cluster, { coordinator: { host: undefined, hosts } });
    expect(await failureOf(withCoordinator(config, options, (db) => db.query('SELECT 1 / 0')))).toMatchObject(
      {
        code: '22012',
      },
    );
    let times = 0;
    const twice = configOf(cluster, { coordinator: { host: undefined, hosts: ['127.0.0.1', '127.0.0.1'] } });
    await failureOf(
      withCoordinator(twice, options, (db) => {
        times += 1;
        return db.query('SELECT 1 / 0');
      }),
    );
    expect(times).toBe(1);
    await cluster.query(`ALTER DATABASE ${cluster.database} SET default_transaction_read_only = on`);
    const error = await failureOf(withCoordinator(config, options, one));
    expect(error).toBeInstanceOf(NoWritableCoordinatorError);
    expect(error.message).toContain('127.0.0.1 is read-only');
    await cluster.coordinator.query(
      `BEGIN READ WRITE; ALTER DATABASE ${cluster.database} RESET default_transaction_read_only; COMMIT`,
    );
  });
});
