import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { schemaPathFrom } from '../../../src/cli/config-schema.js';
import { configText } from '../../../src/cli/config-text.js';
import { newClusterOf } from '../../../src/cli/init-questions.js';
import { loadConfig } from '../../../src/config/index.js';

const folder = mkdtempSync(join(tmpdir(), 'citus-scaler-init-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const shop = { name: 'shop', host: 'db0', port: 5433, database: 'shop', user: 'scaler' };

test.each([
  [shop, { password: { from: 'pgpass' } }],
  [{ ...shop, passwordEnv: 'SHOP_PW' }, { password: { from: 'env', name: 'SHOP_PW' } }],
  [{ ...shop, passwordFile: './shop.pw' }, { password: { from: 'file', path: join(folder, 'shop.pw') } }],
  [
    { ...shop, tls: 'require', host: '10.0.0.1', database: 'my shop: "x"' },
    { hosts: ['10.0.0.1'], database: 'my shop: "x"', tls: { mode: 'require' } },
  ],
  [
    { ...shop, database: 'yes', user: '1234' },
    { database: 'yes', user: '1234' },
  ],
])('what init writes is what the worker reads: %#', (cluster, wanted) => {
  const file = join(folder, 'citus-scaler.yaml');
  writeFileSync(file, configText(cluster));
  const [read] = loadConfig(file).clusters;
  expect(read).toMatchObject({ name: 'shop', port: 5433, approval: 'required', ...wanted });
});

test('all that is missing is named', () => {
  expect(() => newClusterOf({ name: 'shop', port: 1 })).toThrow('Missing: --host, --database, --user.');
});

test('names the schema when the package is installed in the project, by a path that works elsewhere too', () => {
  const deploy = join(folder, 'deploy', 'shop');
  const installed = join(folder, 'node_modules', 'citus-scaler');
  mkdirSync(deploy, { recursive: true });
  expect(schemaPathFrom(deploy)).toBeUndefined();
  mkdirSync(installed, { recursive: true });
  writeFileSync(join(installed, 'config.schema.json'), '{}');
  expect(schemaPathFrom(deploy)).toBe('../../node_modules/citus-scaler/config.schema.json');
  expect(schemaPathFrom(folder)).toBe('./node_modules/citus-scaler/config.schema.json');
  expect(configText(shop, schemaPathFrom(folder))).toMatch(
    /^# yaml-language-server: \$schema=\.\/node_modules\/citus-scaler\/config\.schema\.json\n/,
  );
  expect(configText(shop)).not.toContain('yaml-language-server');
});
