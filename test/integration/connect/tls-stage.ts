import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ApplicationFailure } from '@temporalio/common';
import { expect } from 'vitest';
import { startCluster, type SandboxCluster } from '../../../sandbox/index.js';
import type { ServerTls } from '../../../sandbox/postgres/access.js';
import { classify } from '../../../src/activities/runtime/classify.js';
import { TlsRefusedError, withCoordinator } from '../../../src/citus/session/connect.js';
import { newAuthority, type Authority } from '../../support/certificates.js';
import { flavour } from '../../support/stage.js';
import { configOf } from './support.js';

/** Of every role; it must never be told. */
export const password = 'n0t-to-be-told';

export type Outcome = { encrypted: boolean } | { error: Error };
export const encrypted = { encrypted: true };
export const plain = { encrypted: false };

/** A coordinator with TLS and a role for each way in which a server may let somebody in. */
export interface TlsStage {
  cluster: SandboxCluster;
  /** The authority of the server's certificate. */
  ours: Authority;
  others: Authority;
  /** What the server may show; the good one, unless a test changes it. */
  certificates: Record<'good' | 'expired' | 'other name', ServerTls>;
  folder: string;
  /** Writes a file into the folder and answers its path. */
  file: (name: string, text: string) => string;
  ca: (name: 'ours' | 'others') => { ca: string };
  /** Connects as a role, with `coordinator.tls` of the config. */
  attempt: (user: string, tls: object, port?: number) => Promise<Outcome>;
}

const server = { names: ['127.0.0.1'] };

export async function setTlsStage(): Promise<TlsStage> {
  const [ours, others] = await Promise.all([newAuthority('ours'), newAuthority('others')]);
  const certificates = {
    good: await ours.issue('db', server),
    expired: await ours.issue('db', { ...server, days: -1 }),
    'other name': await ours.issue('db', { names: ['db.internal', '127.0.0.2'] }),
  };
  const cluster = await startCluster({
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
  const folder = mkdtempSync(join(cluster.folder, 'tls-'));
  const file = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  const passwordFile = file('password', password);
  const paths = { ours: file('ours.pem', ours.ca), others: file('others.pem', others.ca) };
  return {
    cluster,
    ours,
    others,
    certificates,
    folder,
    file,
    ca: (name) => ({ ca: paths[name] }),
    attempt: (user, tls, port = cluster.coordinator.port) =>
      attempt(cluster, { user, port, passwordFile, tls }),
  };
}

async function attempt(cluster: SandboxCluster, coordinator: object): Promise<Outcome> {
  const config = configOf(cluster, { coordinator });
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
export function expectRefused(outcome: Outcome, says: RegExp): void {
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
