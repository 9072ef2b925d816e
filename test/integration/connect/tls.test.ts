import { connect, createServer, type AddressInfo } from 'node:net';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startCluster, type SandboxCluster } from '../../../sandbox/index.js';
import { writeCertificate, type ServerTls } from '../../../sandbox/postgres/access.js';
import { classify } from '../../../src/activities/classify.js';
import { TlsRefusedError, withCoordinator } from '../../../src/citus/connect.js';
import { newAuthority, type Authority } from '../../support/certificates.js';
import { flavour } from '../../support/stage.js';
import { configOf } from './support.js';

const password = 'n0t-to-be-told';
const server = { names: ['IP:127.0.0.1'] };

let cluster: SandboxCluster;
let ours: Authority;
let others: Authority;
let certificates: Record<'good' | 'expired' | 'other name', ServerTls>;
let folder: string;

beforeAll(async () => {
  [ours, others] = await Promise.all([newAuthority('ours'), newAuthority('others')]);
  certificates = {
    good: await ours.issue('db', server),
    expired: await ours.issue('db', { ...server, days: -1 }),
    'other name': await ours.issue('db', { names: ['DNS:db.internal', 'IP:127.0.0.2'] }),
  };
  cluster = await startCluster({
    workers: 0,
    flavour,
    tls: { ...certificates.good, ca: ours.ca },
    hba: [
      'hostssl all only_tls 127.0.0.1/32 scram-sha-256',
      'hostssl all by_certificate 127.0.0.1/32 cert',
      'host all in_clear 127.0.0.1/32 password',
      'host all either_way 127.0.0.1/32 scram-sha-256',
    ],
  });
  for (const user of ['only_tls', 'by_certificate', 'in_clear', 'either_way'])
    await cluster.query(`CREATE ROLE ${user} LOGIN PASSWORD '${password}'`);
  folder = mkdtempSync(join(cluster.folder, 'tls-'));
  file('password', password);
  file('ours.pem', ours.ca);
  file('others.pem', others.ca);
});
afterAll(() => cluster.stop());

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

type Outcome = { encrypted: boolean } | { error: Error };

async function attempt(user: string, tls: object, port = cluster.coordinator.port): Promise<Outcome> {
  const config = configOf(cluster, {
    coordinator: { user, port, passwordFile: join(folder, 'password'), tls },
  });
  try {
    return await withCoordinator(config, { applicationName: 'citus-scaler:test' }, async (db) => {
      const [row] = await db.query<{ ssl: boolean }>(
        'SELECT ssl FROM pg_catalog.pg_stat_ssl WHERE pid = pg_backend_pid()',
      );
      return { encrypted: row?.ssl ?? false };
    });
  } catch (error) {
    if (error instanceof Error) return { error };
    throw error;
  }
}

/** The operation parks with one sentence that names the setting; nothing else is in it. */
function expectRefused(outcome: Outcome, says: RegExp): void {
  if (!('error' in outcome)) throw new Error(`it connected (${JSON.stringify(outcome)})`);
  expect(outcome.error).toBeInstanceOf(TlsRefusedError);
  const failure = classify(outcome.error);
  if (!(failure instanceof ApplicationFailure)) throw failure;
  expect(failure).toMatchObject({ type: 'NeedsPerson', nonRetryable: true });
  expect(failure.message).toMatch(says);
  expect(failure.message).toContain('coordinator.tls');
  const told = JSON.stringify([failure.message, failure.details]);
  expect(told).not.toMatch(/\\n|\bat .*\.[jt]s/);
  expect(told).not.toContain(password);
  expect(told).not.toContain('BEGIN');
}

async function serve(certificate: ServerTls): Promise<void> {
  writeCertificate(cluster.coordinator.dataFolder, certificate);
  await reload('SELECT 1');
}

/** The server has taken it up when a session that begins now was made by a postmaster that reloaded. */
async function reload(change: string): Promise<void> {
  await cluster.query(change);
  const before = await cluster.query<{ at: string }>('SELECT pg_conf_load_time()::text AS at');
  await cluster.query('SELECT pg_reload_conf()');
  await expect
    .poll(() => cluster.query('SELECT pg_conf_load_time()::text AS at'), { timeout: 10_000 })
    .not.toEqual(before);
}

const ca = (name: 'ours' | 'others') => ({ ca: join(folder, `${name}.pem`) });
const encrypted = { encrypted: true };
const plain = { encrypted: false };

describe('a server with a good certificate', () => {
  test('isn’t reached without TLS where it wants it', async () => {
    expectRefused(await attempt('only_tls', { mode: 'disable' }), /without TLS.*mode is disable/);
    expect(await attempt('either_way', { mode: 'disable' })).toEqual(plain);
  });

  test.each(['prefer', 'require', 'verify-ca', 'verify-full'])('is reached with TLS by %s', async (mode) => {
    expect(await attempt('only_tls', { mode, ...ca('ours') })).toEqual(encrypted);
    expect(await attempt('either_way', { mode, ...ca('ours') })).toEqual(encrypted);
  });

  test('of another authority is refused by all modes that check it', async () => {
    for (const mode of ['require', 'verify-ca', 'verify-full'])
      expectRefused(
        await attempt('only_tls', { mode, ...ca('others') }),
        new RegExp(`no authority that we trust.*mode is ${mode}.*coordinator.tls.ca is .*others.pem`),
      );
    expectRefused(
      await attempt('only_tls', { mode: 'verify-full' }),
      /no authority that we trust.*coordinator.tls.ca names none/,
    );
    expect(await attempt('only_tls', { mode: 'require' })).toEqual(encrypted);
    expect(await attempt('only_tls', { mode: 'prefer', ...ca('others') })).toEqual(encrypted);
  });
});

test('a certificate for another host name is refused by verify-full alone', async () => {
  await serve(certificates['other name']);
  try {
    expectRefused(
      await attempt('only_tls', { mode: 'verify-full', ...ca('ours') }),
      /is for other names \(DNS:db.internal, IP Address:127.0.0.2\), and coordinator.tls.mode is verify-full/,
    );
    expect(await attempt('only_tls', { mode: 'verify-ca', ...ca('ours') })).toEqual(encrypted);
  } finally {
    await serve(certificates.good);
  }
});

test('an expired certificate is refused by all modes that check it', async () => {
  await serve(certificates.expired);
  try {
    for (const mode of ['require', 'verify-ca', 'verify-full'])
      expectRefused(
        await attempt('only_tls', { mode, ...ca('ours') }),
        new RegExp(`has expired.*mode is ${mode}`),
      );
    expect(await attempt('only_tls', { mode: 'require' })).toEqual(encrypted);
  } finally {
    await serve(certificates.good);
  }
});

test('a server without TLS is refused by all modes that want it', async () => {
  await reload('ALTER SYSTEM SET ssl = off');
  try {
    for (const mode of ['require', 'verify-ca', 'verify-full'])
      expectRefused(
        await attempt('either_way', { mode, ...ca('ours') }),
        new RegExp(`offers no TLS.*mode is ${mode}`),
      );
    expect(await attempt('either_way', { mode: 'prefer' })).toEqual(plain);
    expect(await attempt('either_way', { mode: 'disable' })).toEqual(plain);
  } finally {
    await reload('ALTER SYSTEM RESET ssl');
  }
});

describe('a client certificate', () => {
  const withFiles = (name: string, { cert, key }: ServerTls) => ({
    mode: 'verify-full',
    ...ca('ours'),
    cert: file(`${name}.crt`, cert),
    key: file(`${name}.key`, key),
  });

  test('logs in where the server asks for one', async () => {
    const tls = withFiles('mine', await ours.issue('by_certificate'));
    expect(await attempt('by_certificate', tls)).toEqual(encrypted);
  });

  test('that is missing, or of another authority, is refused by the server', async () => {
    expectRefused(
      await attempt('by_certificate', { mode: 'verify-full', ...ca('ours') }),
      /wants a client certificate: coordinator.tls.cert and coordinator.tls.key name none/,
    );
    const tls = withFiles('foreign', await others.issue('by_certificate'));
    expectRefused(await attempt('by_certificate', tls), /foreign.crt/);
  });

  test('for another role is refused as PostgreSQL says it', async () => {
    const outcome = await attempt('by_certificate', withFiles('other', await ours.issue('only_tls')));
    expect(outcome).toMatchObject({ error: { code: '28000' } });
  });

  test('whose files can’t be used is refused before anything is sent', async () => {
    const good = await ours.issue('by_certificate');
    const { key } = await ours.issue('by_certificate');
    expectRefused(await attempt('only_tls', withFiles('mixed', { ...good, key })), /can't be used/);
    expectRefused(
      await attempt('only_tls', { mode: 'verify-full', ca: join(folder, 'nowhere.pem') }),
      /coordinator.tls.ca can't be read: ENOENT/,
    );
    expectRefused(
      await attempt('only_tls', { mode: 'verify-full', ca: file('empty.pem', '') }),
      /coordinator.tls.ca names .*empty.pem, which is no PEM file/,
    );
  });
});

describe('a server that asks for the password in clear text', () => {
  test('gets none without TLS', async () => {
    const { port, close, sent } = await recorded(cluster.coordinator.port);
    const outcome = await attempt('in_clear', { mode: 'disable' }, port);
    close();
    if (!('error' in outcome)) throw new Error('it connected');
    expect(outcome.error.name).toBe('CleartextRefusedError');
    expect(outcome.error.message).toContain('coordinator.tls');
    expect(classify(outcome.error)).toMatchObject({ type: 'NeedsPerson' });
    const bytes = sent();
    // What follows the start-up message is nothing, or a farewell; a password message would be a `p`.
    expect(bytes.subarray(bytes.readInt32BE(0)).toString('latin1')).toMatch(/^(X\0\0\0\x04)?$/);
    expect(bytes.toString('latin1')).toContain('in_clear');
    expect(bytes.toString('latin1')).not.toContain(password);
  });

  test('gets it with TLS', async () => {
    expect(await attempt('in_clear', { mode: 'verify-full', ...ca('ours') })).toEqual(encrypted);
  });
});

/** A way to the server that keeps what the client sends. */
async function recorded(port: number): Promise<{ port: number; close: () => void; sent: () => Buffer }> {
  const kept: Buffer[] = [];
  const relay = createServer((client) => {
    const behind = connect(port, '127.0.0.1');
    client.on('data', (data: Buffer) => kept.push(data));
    client.on('error', () => behind.destroy()).pipe(behind);
    behind.on('error', () => client.destroy()).pipe(client);
  });
  await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve));
  return {
    port: (relay.address() as AddressInfo).port,
    close: () => relay.close(),
    sent: () => Buffer.concat(kept),
  };
}
