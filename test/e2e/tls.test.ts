import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newAuthority, type Authority } from '../support/certificates.js';
import { histories } from '../support/histories.js';
import { newRole, type Role } from '../support/roles.js';
import { setStage, type Stage } from '../support/stage.js';

let stage: Stage;
let role: Role;
let ours: Authority;
let others: Authority;
let caFile: string;
let key: string;

beforeAll(async () => {
  [ours, others] = await Promise.all([newAuthority('ours'), newAuthority('others')]);
  const certificate = await ours.issue('db', { names: ['127.0.0.1'] });
  key = certificate.key;
  stage = await setStage({
    start: { tls: certificate, hba: ['hostssl all only_tls 127.0.0.1/32 scram-sha-256'] },
    wishes: async (cluster) => {
      // A superuser, so that the stand-in can play too; without TLS nobody gets in under this name.
      role = newRole(cluster, 'only_tls');
      await cluster.query(`CREATE ROLE only_tls SUPERUSER LOGIN PASSWORD '${role.password}'`);
      caFile = join(cluster.folder, 'ca.pem');
      trust(ours);
      const tls = { mode: 'verify-full', ca: caFile };
      return {
        provisioner: false,
        coordinator: { user: role.user, passwordFile: role.passwordFile, tls },
      };
    },
  });
});
afterAll(() => stage.end());

/** The worker reads the file each time it connects. */
function trust({ ca }: Authority): void {
  writeFileSync(caFile, ca);
}

async function newServer(): Promise<string> {
  const node = await stage.cluster.addNode();
  await node.query(`CREATE ROLE only_tls SUPERUSER LOGIN PASSWORD '${role.password}'`);
  return node.address;
}

test('a server of an authority that we don’t trust is refused before anything begins, and the setting is named', async () => {
  trust(others);
  const op = await stage.scaleOut('untrusted', { rebalance: false, nodes: ['127.0.0.1:1'] });
  const failure = await op.result().catch((error: unknown) => error);
  trust(ours);
  const cause = (failure as { cause: { type: string; details: unknown[] } }).cause;
  expect(cause.type).toBe('PreflightRefused');
  const said = JSON.stringify(cause.details);
  expect(said).toMatch(/is of no authority that we trust: coordinator.tls.mode is verify-full/);
  expect(said).not.toMatch(/\\n *at /);
});

test('an authority that is changed meanwhile parks the operation, which goes on once that is repaired', async () => {
  const op = await stage.scaleOut('parked', { nodes: [await newServer()], approval: 'required' });
  await op.until('awaiting approval', ({ state }) => state === 'awaiting-approval');
  trust(others);
  await op.update('approve', { by: 'test' });
  const { attention } = await op.until('parked', ({ state }) => state === 'needs-attention');
  expect(attention?.problem).toMatch(/no authority that we trust: coordinator.tls.mode is verify-full/);
  expect(attention?.problem).not.toContain('\n');
  expect(attention?.remedies[0]?.text).toContain('coordinator.tls');
  trust(ours);
  await op.update('retry', { by: 'test' });
  expect((await op.result()).state).toBe('done');
});

test('neither password nor key is in any history or log', async () => {
  const kept = [...(await histories(stage.client)).values(), stage.worker.log()].join('\n');
  expect(kept).toContain('no authority that we trust');
  for (const secret of [role.password, stage.cluster.password, key.split('\n')[1] ?? key])
    expect(kept).not.toContain(secret);
});
