import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCluster, type SandboxCluster } from '../../../sandbox/index.js';
import { cli } from '../../../sandbox/worker.js';
import { flavour } from '../../support/stage.js';

let cluster: SandboxCluster;
beforeAll(async () => {
  cluster = await startCluster({ workers: 1, flavour });
  for (const statement of [
    'CREATE ROLE shop_owner NOLOGIN',
    'CREATE TABLE orders (id bigint PRIMARY KEY)',
    'CREATE TABLE events (id bigint PRIMARY KEY)',
    `SELECT create_distributed_table('orders', 'id', shard_count := 2)`,
    `SELECT create_distributed_table('events', 'id', shard_count := 2)`,
    'ALTER TABLE orders OWNER TO shop_owner',
  ])
    await cluster.query(statement);
  writeFileSync(join(cluster.folder, 'password'), cluster.password, { mode: 0o600 });
});
afterAll(() => cluster.stop());

const init = (...options: string[]) =>
  execa(process.execPath, ['--import', import.meta.resolve('tsx'), cli, 'init', ...options], {
    cwd: cluster.folder,
    reject: false,
  });

test('the grants are printed without a cluster, a config or a question', async () => {
  const ran = await init('--print-grants', '--database', 'shop', '--operator', 'op', '--owner', 'a', 'b');
  expect(ran.exitCode).toBe(0);
  expect(ran.stderr).toBe('');
  expect(ran.stdout).toContain('GRANT "a" TO "op";');
  expect(ran.stdout).toContain('GRANT "b" TO "op";');
  const node = await init('--print-grants', '--database', 'shop', '--grants-for', 'node');
  expect(node.stdout).toMatch(/^-- 2\. ON EVERY NODE/);
  expect(node.stdout).not.toContain('-- 1.');
});

test.each([
  [['--print-grants'], 'Missing: --database'],
  [['--print-grants', '--database', 'shop', '--grants-for', 'worker'], 'must be coordinator or node'],
  [['--print-grants', '--database', 'shop', '--operator', 'a$b'], `"a$b" can't be the name of a role here`],
  [['--print-grants', '--database', 'shop', '--read-owners'], 'Missing: --host, --user'],
])('%j is a mistake', async (options, says) => {
  const ran = await init(...options);
  expect(ran.exitCode).toBe(2);
  expect(ran.stdout).toBe('');
  expect(ran.stderr).toContain(says);
});

test('the owners are read from the cluster when that is asked for', async () => {
  const { host, port } = cluster.coordinator;
  const where = ['--host', host, '--port', String(port), '--user', cluster.user];
  const options = ['--database', cluster.database, '--password-file', 'password'];
  const ran = await init('--print-grants', '--read-owners', ...where, ...options);
  expect(ran.stderr).toBe('');
  expect(ran.stdout).toContain('GRANT "shop_owner" TO "citus_scaler";');
  expect(ran.stdout).toContain('ALTER ROLE "shop_owner" LOGIN;');
  expect(ran.stdout).toContain('GRANT CREATE ON SCHEMA "public" TO "shop_owner";');
  expect(ran.stdout).toContain(`-- "${cluster.user}" is a superuser`);

  writeFileSync(join(cluster.folder, 'wrong'), 'wrong');
  const wrong = await init(
    '--print-grants',
    '--read-owners',
    ...where,
    ...options.slice(0, 2),
    '--password-file',
    'wrong',
  );
  expect(wrong.exitCode).toBe(7);
  expect(wrong.stdout).toBe('');
  expect(wrong.stderr).toContain('password authentication failed');
  expect(wrong.stderr).toContain('--owner names the owners without connecting');
});
