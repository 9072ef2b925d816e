import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { operation } from '../../support/stage.js';
import { secrets, setRefusalStage, silent, type RefusalStage } from './support.js';

let stage: RefusalStage;
beforeAll(async () => {
  stage = await setRefusalStage();
  for (const cluster of Object.keys(silent))
    await stage.begin('scaleOut', `patient/${cluster}`, { cluster, add: 1 });
  await stage.begin('scaleout', 'misspelt', { cluster: 'demo', add: 1 });
  await stage.remember();
});
afterEach(() => stage.expectUnchanged());
afterAll(() => stage.end());

/** Clusters of the config whose coordinator can't be used at once, and what is said. */
const unusable: [name: string, id: string, says: RegExp][] = [
  ['wrong-password', 'coordinator-reachable', /password authentication failed for user/],
  ['wrong-database', 'coordinator-reachable', /database "nowhere" does not exist/],
  ['no-secret', 'coordinator-reachable', /environment variable NOBODY_SET_THIS/],
  ['no-secret-file', 'coordinator-reachable', /no-such-file/],
  ['a-worker', 'is-coordinator', /this server is a worker/],
  ['no-citus', 'is-coordinator', /no citus extension/],
];

describe('a config that leads to no usable cluster', () => {
  test.each(unusable)('%s: an operation is refused by %s', async (cluster, id, says) => {
    await stage.expectRefused({ cluster, add: 1 }, id, says);
  });

  test.concurrent.each([
    ...unusable,
    [
      'unreachable',
      'coordinator-reachable',
      /The coordinator of .* can't be reached: .*ECONNREFUSED/,
    ] as const,
  ])('%s: a dry run ends with the blocker %s', async (cluster, id, says) => {
    const name = `dry/${cluster}`;
    await stage.begin('scaleOut', name, { cluster, add: 1, dryRun: true });
    const { checks, state, steps } = await operation(stage.client, name).result();
    expect(state).toBe('done');
    expect(steps[0]).toMatchObject({ name: 'Check the cluster', state: 'failed' });
    expect(steps[0]?.detail).toMatch(/^\d+ blockers?$/);
    const check = checks.find((each) => each.id === id);
    expect(check).toMatchObject({ severity: 'blocker', ok: false });
    expect(check?.evidence).toMatch(says);
  });

  test('no provisioner: nothing can be started', async () => {
    await stage.expectRefused({ cluster: 'handmade', add: 1 }, 'provisioner', /handmade has no workersFrom/);
  });
});

describe('the worker refuses a config with exit code 2, naming place and field', () => {
  const mistakes = `clusters:
  shop:
    coordinator: { host: db0, port: many, user: scaler, password: ${secrets.literal} }
    aproval: required
  store:
    coordinator: postgres://scaler:${secrets.literal}@db1/app
  depot:
    coordinator: { host: db2, database: app, user: scaler, passwordFile: x, passwordEnv: Y }
    allowedNodes: [db2]
`;
  test.concurrent.each<[string, string | undefined, RegExp[]]>([
    ['a file that is missing', undefined, [/can't be read/]],
    ['broken YAML', 'clusters: {', [/:1:\d+: /]],
    [
      'every mistake at once',
      mistakes,
      [
        /:3:\d+: clusters\.shop\.coordinator\.port: must be a number; found a text/,
        /:3:\d+: clusters\.shop\.coordinator\.database: required/,
        /:3:\d+: clusters\.shop\.coordinator\.password: a password is never written/,
        /:4:\d+: clusters\.shop\.aproval: unknown field; allowed here: .*approval/,
        /:6:\d+: clusters\.store\.coordinator: must be a mapping of fields; found a text/,
        /:8:\d+: clusters\.depot\.coordinator\.passwordEnv: .*only one may be/,
        /:9:\d+: clusters\.depot\.allowedNodes\.0: must be a pattern for host:port/,
      ],
    ],
  ])('%s', async (what, text, says) => {
    const file = join(stage.folder, `${what.replaceAll(' ', '-')}.yaml`);
    if (text !== undefined) writeFileSync(file, text);
    const { code, stdout, stderr } = await stage.cli('worker', '--config', file);
    for (const each of says) expect(stderr.replace(/\s+/g, ' ')).toMatch(each);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });
});

test.each(Object.entries(silent))(
  '%s: a coordinator that does not answer is waited for a minute, then the operation is refused',
  async (cluster, address) => {
    const failure = await stage.endOf(`patient/${cluster}`);
    expect(failure).toMatchObject({ type: 'PreflightRefused', cluster });
    expect(failure.message).toMatch(new RegExp(`coordinator-reachable: .*${address.split(':')[0] ?? ''}`));
  },
);

test('a type that no worker knows fails within a minute, with the types that there are', async () => {
  const failure = await stage.endOf('misspelt');
  expect(failure).toMatchObject({ type: 'InvalidInput', cluster: 'demo' });
  expect(failure.message).toMatch(/"scaleout"; it knows scaleOut, rebalance, .*Perhaps scaleOut was meant/);
});

test('nothing is left running, and no password is told anywhere', () =>
  stage.expectNothingLeft('password authentication failed'));
