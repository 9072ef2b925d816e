import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ServerTls } from '../../../sandbox/postgres/access.js';
import { encrypted, expectRefused, setTlsStage, type TlsStage } from './tls-stage.js';

let stage: TlsStage;
beforeAll(async () => {
  stage = await setTlsStage();
});
afterAll(() => stage.cluster.stop());

describe('a client certificate', () => {
  const withFiles = (name: string, { cert, key }: ServerTls) => ({
    mode: 'verify-full',
    ...stage.ca('ours'),
    cert: stage.file(`${name}.crt`, cert),
    key: stage.file(`${name}.key`, key),
  });

  test('logs in where the server asks for one', async () => {
    const tls = withFiles('mine', await stage.ours.issue('by_certificate'));
    expect(await stage.attempt('by_certificate', tls)).toEqual(encrypted);
  });

  test('that is missing, or of another authority, is refused by the server', async () => {
    expectRefused(
      await stage.attempt('by_certificate', { mode: 'verify-full', ...stage.ca('ours') }),
      /wants a client certificate: coordinator.tls.cert and coordinator.tls.key name none/,
    );
    const tls = withFiles('foreign', await stage.others.issue('by_certificate'));
    expectRefused(await stage.attempt('by_certificate', tls), /foreign.crt/);
  });

  test('for another role is refused as PostgreSQL says it', async () => {
    const outcome = await stage.attempt(
      'by_certificate',
      withFiles('other', await stage.ours.issue('only_tls')),
    );
    expect(outcome).toMatchObject({ error: { code: '28000' } });
  });

  test('whose files can’t be used is refused before anything is sent', async () => {
    const good = await stage.ours.issue('by_certificate');
    const { key } = await stage.ours.issue('by_certificate');
    expectRefused(await stage.attempt('only_tls', withFiles('mixed', { ...good, key })), /can't be used/);
    expectRefused(
      await stage.attempt('only_tls', { mode: 'verify-full', ca: join(stage.folder, 'nowhere.pem') }),
      /coordinator.tls.ca can't be read: ENOENT/,
    );
    expectRefused(
      await stage.attempt('only_tls', { mode: 'verify-full', ca: stage.file('empty.pem', '') }),
      /coordinator.tls.ca names .*empty.pem, which is no PEM file/,
    );
  });
});
