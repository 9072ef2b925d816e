import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeCertificate, type ServerTls } from '../../../sandbox/postgres/access.js';
import { encrypted, expectRefused, plain, setTlsStage, type TlsStage } from './tls-stage.js';

let stage: TlsStage;
beforeAll(async () => {
  stage = await setTlsStage();
});
afterAll(() => stage.cluster.stop());

async function serve(certificate: ServerTls): Promise<void> {
  writeCertificate(stage.cluster.coordinator.dataFolder, certificate);
  await reload('SELECT 1');
}

/** The server has taken it up when a session that begins now was made by a postmaster that reloaded. */
async function reload(change: string): Promise<void> {
  await stage.cluster.query(change);
  const before = await stage.cluster.query<{ at: string }>('SELECT pg_conf_load_time()::text AS at');
  await stage.cluster.query('SELECT pg_reload_conf()');
  await expect
    .poll(() => stage.cluster.query('SELECT pg_conf_load_time()::text AS at'), { timeout: 10_000 })
    .not.toEqual(before);
}

describe('a server with a good certificate', () => {
  test('isn’t reached without TLS where it wants it', async () => {
    expectRefused(await stage.attempt('only_tls', { mode: 'disable' }), /without TLS.*mode is disable/);
    expect(await stage.attempt('either_way', { mode: 'disable' })).toEqual(plain);
  });

  test.each(['prefer', 'require', 'verify-ca', 'verify-full'])('is reached with TLS by %s', async (mode) => {
    expect(await stage.attempt('only_tls', { mode, ...stage.ca('ours') })).toEqual(encrypted);
    expect(await stage.attempt('either_way', { mode, ...stage.ca('ours') })).toEqual(encrypted);
  });

  test('of another authority is refused by all modes that check it', async () => {
    for (const mode of ['require', 'verify-ca', 'verify-full'])
      expectRefused(
        await stage.attempt('only_tls', { mode, ...stage.ca('others') }),
        new RegExp(`no authority that we trust.*mode is ${mode}.*coordinator.tls.ca is .*others.pem`),
      );
    expectRefused(
      await stage.attempt('only_tls', { mode: 'verify-full' }),
      /no authority that we trust.*coordinator.tls.ca names none/,
    );
    expect(await stage.attempt('only_tls', { mode: 'require' })).toEqual(encrypted);
    expect(await stage.attempt('only_tls', { mode: 'prefer', ...stage.ca('others') })).toEqual(encrypted);
  });
});

test('a certificate for another host name is refused by verify-full alone', async () => {
  await serve(stage.certificates['other name']);
  try {
    expectRefused(
      await stage.attempt('only_tls', { mode: 'verify-full', ...stage.ca('ours') }),
      /is for other names \(DNS:db.internal, IP Address:127.0.0.2\), and coordinator.tls.mode is verify-full/,
    );
    expect(await stage.attempt('only_tls', { mode: 'verify-ca', ...stage.ca('ours') })).toEqual(encrypted);
  } finally {
    await serve(stage.certificates.good);
  }
});

test('an expired certificate is refused by all modes that check it', async () => {
  await serve(stage.certificates.expired);
  try {
    for (const mode of ['require', 'verify-ca', 'verify-full'])
      expectRefused(
        await stage.attempt('only_tls', { mode, ...stage.ca('ours') }),
        new RegExp(`has expired.*mode is ${mode}`),
      );
    expect(await stage.attempt('only_tls', { mode: 'require' })).toEqual(encrypted);
  } finally {
    await serve(stage.certificates.good);
  }
});

test('a server without TLS is refused by all modes that want it', async () => {
  await reload('ALTER SYSTEM SET ssl = off');
  try {
    for (const mode of ['require', 'verify-ca', 'verify-full'])
      expectRefused(
        await stage.attempt('either_way', { mode, ...stage.ca('ours') }),
        new RegExp(`offers no TLS.*mode is ${mode}`),
      );
    expect(await stage.attempt('either_way', { mode: 'prefer' })).toEqual(plain);
    expect(await stage.attempt('either_way', { mode: 'disable' })).toEqual(plain);
  } finally {
    await reload('ALTER SYSTEM RESET ssl');
  }
});
