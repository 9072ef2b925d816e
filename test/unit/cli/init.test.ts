import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { schemaPathFrom } from '../../../src/cli/config-schema.js';
import { configText } from '../../../src/cli/init/config-text.js';
import { refuseOptions } from '../../../src/cli/init/refuse-options.js';
import { askNewCluster, newClusterOf } from '../../../src/cli/init/questions.js';
import { fieldProblem, loadConfig } from '../../../src/config/index.js';

/** A person who types these answers one after another; the questions refuse some. */
const asked = vi.hoisted((): { answers: string[]; refused: string[] } => ({ answers: [], refused: [] }));
vi.mock('@clack/prompts', () => ({
  isCancel: () => false,
  select: () => Promise.resolve('passwordEnv'),
  text: ({ validate }: { validate: (answer: string) => string | undefined }) => {
    for (let answer = asked.answers.shift(); answer !== undefined; answer = asked.answers.shift()) {
      const problem = validate(answer);
      if (problem === undefined) return Promise.resolve(answer);
      asked.refused.push(problem);
    }
    throw new Error('no answer is left');
  },
}));

const folder = mkdtempSync(join(tmpdir(), 'citus-scaler-init-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const shop = { name: 'shop', host: 'db0', port: 5433, database: 'shop', user: 'scaler' };

test.each([
  [shop, { password: { from: 'pgpass' } }],
  [{ ...shop, allowedNodes: ['10.1.0.*:5432', 'db*:5432'] }, { allowedNodes: ['10.1.0.*:5432', 'db*:5432'] }],
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

test('a name that YAML takes for something else is one all the same', () => {
  const file = join(folder, 'numbers.yaml');
  for (const name of ['0x1F', 'null', '007']) {
    writeFileSync(file, configText({ ...shop, name }));
    expect(loadConfig(file).clusters[0]?.name).toBe(name);
  }
});

test('an option that the config could not hold is refused by its name, each of them', () => {
  expect(() => refuseOptions({ name: 'my shop', host: 'db0', port: 0, passwordEnv: 'A B' })).toThrow(
    expect.objectContaining({
      message: '--name: a cluster\'s name has letters, digits, "_" and "-" only, at most 64.',
      details: {
        evidence: [
          '--port: must be at least 1',
          '--password-env: must be the name of an environment variable',
        ],
        remedies: [],
      },
    }) as Error,
  );
  expect(() => refuseOptions(shop)).not.toThrow();
});

test('each answer is checked when it is given', async () => {
  asked.answers = [
    ...['my shop', ' shop '],
    ...['db0:5432', 'db0'],
    ...['99999', 'none', '5433'],
    // Nothing typed takes what is proposed: the cluster's name.
    '',
    'scaler',
    ...['A B', 'SHOP_PW'],
    '10.1.0.*:5432, db*:5432',
  ];
  expect(await askNewCluster({}, fieldProblem)).toEqual({
    ...shop,
    passwordEnv: 'SHOP_PW',
    allowedNodes: ['10.1.0.*:5432', 'db*:5432'],
  });
  expect(asked.refused).toEqual([
    'a cluster\'s name has letters, digits, "_" and "-" only, at most 64',
    'must be a host name or an IP address, without port, brackets, user or scheme',
    'must be at most 65535',
    'must be a number',
    'must be the name of an environment variable',
  ]);
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
