import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { configSchema } from '../../../src/config/schema.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const ajv = new Ajv({ strict: false, validateFormats: false });
const asEditorsDo = ajv.compile(JSON.parse(readFileSync(`${root}config.schema.json`, 'utf8')) as object);

const coordinator = { host: 'db0', database: 'shop', user: 'scaler' };
const cluster = { coordinator };
const command = { start: ['a'], stop: ['a'], list: ['a'] };
const hourAtNight = { schedule: '0 1 * * *', for: '1h' };
const withCoordinator = (more: object): object => ({
  clusters: { shop: { coordinator: { ...coordinator, ...more } } },
});
const withCluster = (more: object): object => ({ clusters: { shop: { ...cluster, ...more } } });

describe('an editor and the worker agree', () => {
  test.each<[string, unknown, boolean]>([
    ['the least', { clusters: { shop: cluster } }, true],
    ['no cluster', { clusters: {} }, false],
    ['no file', null, false],
    ['a name with a blank', { clusters: { 'my shop': cluster } }, false],
    ['a misspelt key', withCluster({ aproval: 'required' }), false],
    ['a password', withCoordinator({ password: 'secret' }), false],
    ['a port that is none', withCoordinator({ port: 0 }), false],
    ['a host with a port', withCoordinator({ host: 'db0:5432' }), false],
    ['host and hosts', withCoordinator({ hosts: ['a', 'b'] }), false],
    ['two sources of a password', withCoordinator({ passwordFile: 'a', passwordEnv: 'B' }), false],
    ['one source of a password', withCoordinator({ passwordEnv: 'B' }), true],
    ['cert without key', withCoordinator({ tls: { mode: 'verify-full', cert: 'a' } }), false],
    ['cert with key', withCoordinator({ tls: { mode: 'verify-full', cert: 'a', key: 'b' } }), true],
    ['an unknown mode of TLS', withCoordinator({ tls: { mode: 'on' } }), false],
    ['machines without allowed nodes', withCluster({ workersFrom: { command } }), false],
    ['machines with no allowed node', withCluster({ workersFrom: { command }, allowedNodes: [] }), false],
    ['machines', withCluster({ workersFrom: { command }, allowedNodes: ['db*:5432'] }), true],
    [
      'a program that is a line',
      withCluster({ workersFrom: { command: { ...command, start: 'a b' } } }),
      false,
    ],
    ['an empty movement', withCluster({ movement: {} }), true],
    ['too many moves at once', withCluster({ movement: { parallelMoves: 65 } }), false],
    ['windows', withCluster({ windows: { timezone: 'UTC', allow: [hourAtNight], grace: '5m' } }), true],
    ['windows without a rule', withCluster({ windows: { timezone: 'UTC' } }), false],
    ['windows without a zone', withCluster({ windows: { allow: [hourAtNight] } }), false],
    [
      'a window without length',
      withCluster({ windows: { timezone: 'UTC', allow: [{ schedule: '0 1 * * *' }] } }),
      false,
    ],
    [
      'an observer with two passwords',
      withCluster({ observer: { user: 'v', passwordFile: 'a', passwordEnv: 'B' } }),
      false,
    ],
    ['a UI', { clusters: { shop: cluster }, temporalUi: 'https://ui' }, true],
    ['a UI that is no web page', { clusters: { shop: cluster }, temporalUi: 'ftp://ui' }, false],
  ])('about %s', (_, config, valid) => {
    expect(configSchema.safeParse(config).success).toBe(valid);
    expect(asEditorsDo(config)).toBe(valid);
  });

  test('about the example of the docs', () => {
    const [, yaml = ''] =
      /```yaml\n([^]*?)```/.exec(readFileSync(`${root}docs/configuration.md`, 'utf8')) ?? [];
    const example: unknown = parse(yaml);
    expect(configSchema.safeParse(example)).toMatchObject({ success: true });
    expect(asEditorsDo(example)).toBe(true);
  });
});
