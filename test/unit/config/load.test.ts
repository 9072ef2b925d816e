import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { clusterOf, ConfigError, loadConfig, UnknownClusterError } from '../../../src/config/index.js';

const folder = mkdtempSync(join(tmpdir(), 'citus-scaler-config-'));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;

function write(text: string): string {
  files += 1;
  const file = join(folder, `${files}.yaml`);
  writeFileSync(file, text);
  return file;
}

function problemsOf(text: string): string[] {
  try {
    loadConfig(write(text));
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map((line) => line.replace(/^.*?\.yaml:/, ''));
    throw error;
  }
  return [];
}

const small = (fields: string) =>
  `clusters:\n  shop:\n    coordinator: { host: db0, database: shop, user: scaler }\n${fields}`;

describe('a config that is right', () => {
  test('is flat, with defaults and absolute paths', () => {
    const config = loadConfig(
      write(`
clusters:
  shop:
    coordinator: { hosts: [DB0, db1], port: 6432, database: shop, user: scaler, passwordFile: secrets/shop, tls: { mode: verify-full, ca: ca.pem } }
    observer: { user: viewer, passwordEnv: SHOP_VIEWER }
    workersFrom: { command: { start: [./start.sh, --big], stop: [stop-it], list: [list-it] } }
    allowedNodes: ["DB*.internal:5432"]
    movement: { parallelMoves: 4 }
    approval: required
reports: ./reports
temporalUi: https://temporal.example/
`),
    );
    const shop = clusterOf(config, 'shop');
    expect(shop).toEqual({
      name: 'shop',
      hosts: ['db0', 'db1'],
      port: 6432,
      database: 'shop',
      user: 'scaler',
      password: { from: 'file', path: join(folder, 'secrets/shop') },
      tls: { mode: 'verify-full', ca: join(folder, 'ca.pem') },
      observer: { user: 'viewer', password: { from: 'env', name: 'SHOP_VIEWER' } },
      workersFrom: {
        command: { start: [join(folder, 'start.sh'), '--big'], stop: ['stop-it'], list: ['list-it'] },
      },
      allowedNodes: ['db*.internal:5432'],
      movement: { transferMode: 'auto', maxWriteStall: 0.3, parallelMoves: 4, tune: true },
      patroni: { port: 8008, https: false },
      samples: true,
      approval: 'required',
    });
    expect(config.reports).toBe(join(folder, 'reports'));
    expect(config.temporalUi).toBe('https://temporal.example');
  });

  test('leaves the approval to the request when it says nothing', () => {
    const shop = clusterOf(loadConfig(write(small(''))), 'shop');
    expect(shop.approval).toBeUndefined();
    expect(shop.password).toEqual({ from: 'pgpass' });
    expect(shop.tls).toEqual({ mode: 'prefer' });
  });

  test('bounds the write stall by a length of time, or by plain seconds', () => {
    for (const [text, seconds] of [
      ['0', 0],
      ['0s', 0],
      ['0.5', 0.5],
      ['1.5s', 1.5],
    ] as const) {
      const config = loadConfig(write(small(`    movement: { maxWriteStall: ${text} }\n`)));
      expect(clusterOf(config, 'shop').movement.maxWriteStall).toBe(seconds);
    }
    expect(problemsOf(small('    movement: { maxWriteStall: 2m }\n'))).toEqual([
      '4:17: clusters.shop.movement.maxWriteStall: must be from 0s to 1m',
    ]);
  });

  test('tells which clusters there are when asked for another', () => {
    const config = loadConfig(write(small('')));
    expect(() => clusterOf(config, 'store')).toThrow(UnknownClusterError);
    expect(() => clusterOf(config, 'store')).toThrow('no cluster "store"; it names "shop"');
  });
});

describe('a config that is wrong', () => {
  test('is refused with every problem at once, each with line, column and what is allowed', () => {
    expect(
      problemsOf(`clusters:
  shop:
    coordinator: { host: "db0:1", port: 99999, database: shop }
    approval: never
    movement: { parallelMoves: 1.5, tune: maybe }
notify: []
`),
    ).toEqual([
      '3:20: clusters.shop.coordinator.host: must be a host name or an IP address, without port, brackets, user or scheme; found "db0:1"',
      '3:35: clusters.shop.coordinator.port: must be at most 65535; found 99999',
      '3:5: clusters.shop.coordinator.user: required; must be a text',
      '5:17: clusters.shop.movement.parallelMoves: must be a whole number; found 1.5',
      '5:37: clusters.shop.movement.tune: must be true or false; found a text',
      '4:5: clusters.shop.approval: must be one of required, auto; found "never"',
      '6:1: notify: unknown field; allowed here: clusters, reports, temporalUi',
    ]);
  });

  test('a name that isn’t allowed hides nothing of its cluster', () => {
    expect(
      problemsOf(`clusters:
  my shop:
    coordinator: { host: db0, port: 0, database: shop, user: scaler }
    aproval: required
`),
    ).toEqual([
      '3:31: clusters.my shop.coordinator.port: must be at least 1; found 0',
      expect.stringContaining('4:5: clusters.my shop.aproval: unknown field'),
      '2:3: clusters.my shop: a cluster\'s name has letters, digits, "_" and "-" only, at most 64',
    ]);
  });

  test.each(['autoscale: {}', 'aproval: required'])('refuses %s with what is allowed', (field) => {
    expect(problemsOf(small(`    ${field}\n`))).toEqual([
      `4:5: clusters.shop.${field.split(':')[0] ?? ''}: unknown field; allowed here: coordinator, observer, workersFrom, allowedNodes, movement, patroni, windows, lockName, samples, approval`,
    ]);
  });

  const windows = (text: string): string[] => problemsOf(small(`    windows: ${text}\n`));

  test('refuses windows that can’t be understood, each with its place', () => {
    expect(
      windows(
        '{ timezone: Berlin, allow: [{ schedule: "0 25 * * *", for: 8 hours }, { schedule: "0 0 1 1 * *", for: 40d }], grace: -1m }',
      ),
    ).toEqual([
      '4:16: clusters.shop.windows.timezone: must be the name of a time zone, for example Europe/Berlin or UTC',
      '4:44: clusters.shop.windows.allow.0.schedule: must be a cron schedule of five fields (minute hour day month weekday), for example "0 22 * * 1-5": Invalid value for hour: 25',
      '4:68: clusters.shop.windows.allow.0.for: must be a length of time such as 8h, 1h30m, 10m or 45s; found "8 hours"',
      '4:86: clusters.shop.windows.allow.1.schedule: must be a cron schedule of five fields (minute hour day month weekday), for example "0 22 * * 1-5"',
      '4:111: clusters.shop.windows.allow.1.for: must be from 1s to 31d',
      '4:124: clusters.shop.windows.grace: must be a length of time such as 8h, 1h30m, 10m or 45s; found "-1m"',
    ]);
  });

  test.each([
    ['a day that doesn’t exist', 'allow: [{ schedule: "0 0 31 2 *", for: 1h }]'],
    [
      'what is denied always',
      'allow: [{ schedule: "0 22 * * *", for: 2h }], deny: [{ schedule: "0 20 * * *", for: 6h }]',
    ],
    ['a denial without end', 'deny: [{ schedule: "0 0 * * *", for: 2d }]'],
  ])('refuses windows that never open: %s', (_what, rules) => {
    expect(windows(`{ timezone: Europe/Berlin, ${rules} }`)).toEqual([
      expect.stringContaining('4:5: clusters.shop.windows: never opens'),
    ]);
  });

  test('refuses windows without a rule', () => {
    expect(windows('{ timezone: UTC }').join()).toContain('windows: needs allow, deny or both');
    expect(windows('{ timezone: UTC, allow: [] }').join()).toContain('must have at least one');
    expect(windows('{ allow: [{ schedule: "0 1 * * *", for: 1h }] }').join()).toContain('timezone: required');
  });

  test('refuses a governor that looks at nothing, or at what there isn’t', () => {
    const governor = (text: string): string =>
      problemsOf(small(`    movement: { governor: ${text} }\n`)).join();
    expect(governor('{}')).toContain('governor: needs one of maxStatementSeconds, maxCpuPressure');
    expect(governor('{ maxLoad: 3 }')).toContain('allowed here: maxStatementSeconds, maxCpuPressure');
    expect(governor('{ maxLag: 0 }')).toContain('governor.maxLag: must be above 0; found 0');
    expect(governor('{ maxCpuPressure: 140 }')).toContain('governor.maxCpuPressure: must be at most 100');
    expect(governor('{ maxLag: 1e6, every: 5m }')).toContain('governor.every: must be from 1s to 1m');
    expect(governor('{ maxStatementSeconds: 2 }')).toBe('');
  });

  test('refuses a literal password without repeating it', () => {
    const [problem, ...others] = problemsOf(
      'clusters:\n  shop:\n    coordinator: { host: db0, database: shop, user: scaler, password: geheim }\n',
    );
    expect(others).toEqual([]);
    expect(problem).toBe(
      '3:61: clusters.shop.coordinator.password: a password is never written into the config; use passwordFile, passwordEnv or ~/.pgpass',
    );
  });

  test('never repeats a connection string', () => {
    const problems = problemsOf('clusters:\n  shop:\n    coordinator: postgres://scaler:geheim@db0/shop\n');
    expect(problems).toHaveLength(1);
    expect(problems.join()).not.toContain('geheim');
  });

  test.each([
    ['neither host nor hosts', '{ database: a, user: b }', 'exactly one of host and hosts'],
    ['both', '{ host: a, hosts: [b], database: a, user: b }', 'exactly one of host and hosts'],
    [
      'two passwords',
      '{ host: a, database: a, user: b, passwordFile: x, passwordEnv: Y }',
      'only one may be',
    ],
    [
      'a certificate without key',
      '{ host: a, database: a, user: b, tls: { mode: require, cert: x } }',
      'cert and key',
    ],
  ])('refuses %s', (_what, coordinator, sentence) => {
    const problems = problemsOf(`clusters:\n  shop:\n    coordinator: ${coordinator}\n`);
    expect(problems.join()).toContain(sentence);
  });

  test('refuses two names for one database', () => {
    expect(
      problemsOf(
        `${small('')}  store:\n    coordinator: { hosts: [db9, DB0], database: shop, user: other }\n`,
      ),
    ).toEqual([
      '5:5: clusters.store.coordinator: db0:5432/shop is already named by cluster "shop"; one name only',
    ]);
  });

  test('wants allowedNodes beside a program that starts machines', () => {
    const problems = problemsOf(
      small('    workersFrom: { command: { start: [a], stop: [b], list: [c] } }\n'),
    );
    expect(problems.join()).toContain('clusters.shop.allowedNodes: required with workersFrom');
  });

  test('says where broken YAML and repeated names are', () => {
    expect(problemsOf('clusters: {\n').join()).toMatch(/^\d+:\d+: /);
    expect(problemsOf(`${small('')}  shop: {}\n`).join()).toContain('unique');
    expect(problemsOf('').join()).toContain('must be a mapping of fields; found nothing');
  });

  test('bears a cluster without anything in it', () => {
    expect(problemsOf('clusters:\n  shop: {}\n').join()).toContain('clusters.shop.coordinator: required');
    expect(problemsOf('clusters:\n  shop:\n').join()).toContain(
      'clusters.shop: must be a mapping of fields; found nothing',
    );
    expect(problemsOf('clusters: {}\n').join()).toContain('must name at least one cluster');
  });

  test('says that a file is missing', () => {
    expect(() => loadConfig(join(folder, 'none.yaml'))).toThrow("can't be read");
  });
});
