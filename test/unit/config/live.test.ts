import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { clusterOf, liveConfig, type LiveConfig } from '../../../src/config/index.js';

const folder = mkdtempSync(join(tmpdir(), 'citus-scaler-config-'));
const file = join(folder, 'citus-scaler.yaml');
afterAll(() => rmSync(folder, { recursive: true }));

const shop = (more = '', host = 'db0') =>
  `  shop:\n    coordinator: { host: ${host}, database: shop, user: scaler }\n${more}`;
const write = (...clusters: string[]) => writeFileSync(file, `clusters:\n${clusters.join('')}`);

let config: LiveConfig;
beforeEach(() => {
  write(shop());
  config = liveConfig(file);
});

describe('a config whose file changes', () => {
  test('is taken up once the file rests, and not while it is written', () => {
    expect(config.look()).toBeUndefined();
    write(shop('    allowedNodes: ["db*:5432"]\n'));
    expect(config.look()).toBeUndefined();
    write(shop('    allowedNodes: ["db*:5432"]\n    approval: required\n'));
    expect(config.look()).toBeUndefined();
    expect(config.current.clusters[0]?.allowedNodes).toEqual([]);
    expect(config.look()).toEqual({});
    expect(config.current.clusters[0]).toMatchObject({ allowedNodes: ['db*:5432'], approval: 'required' });
    expect(config.look()).toBeUndefined();
  });

  test('may name one more cluster', () => {
    write(shop(), `  other:\n    coordinator: { host: db9, database: other, user: scaler }\n`);
    config.look();
    expect(config.look()).toEqual({});
    expect(clusterOf(config.current, 'other').hosts).toEqual(['db9']);
  });

  test.each([
    ['with a mistake', shop('    allowedNode: ["db*:5432"]\n'), /allowedNode/],
    [
      'that leaves a cluster out',
      shop().replace('shop:', 'store:'),
      /names no cluster shop.*restart the worker/,
    ],
    ['that names another coordinator', shop('', 'db7'), /another coordinator.*restart the worker/],
    ['of which another server is meant', shop('    lockName: b\n'), /lockName for shop: restart the worker/],
  ])('is left alone %s, and says why', (_, text, why) => {
    write(text);
    config.look();
    expect(config.look()?.notTaken).toMatch(why);
    expect(clusterOf(config.current, 'shop').hosts).toEqual(['db0']);
    expect(() => clusterOf(config.current, 'shpo')).toThrow(why);
    write(shop('    approval: auto\n'));
    config.look();
    expect(config.look()).toEqual({});
    expect(config.current.clusters[0]?.approval).toBe('auto');
    expect(() => clusterOf(config.current, 'shpo')).not.toThrow('not taken up');
  });

  test('is kept while the file is away', () => {
    rmSync(file);
    config.look();
    expect(config.look()?.notTaken).toContain("can't be read");
    expect(clusterOf(config.current, 'shop').hosts).toEqual(['db0']);
  });
});
