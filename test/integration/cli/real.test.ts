import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadConfig } from '../../../src/config/index.js';
import type { HealthAnswer, OperationReport, PreflightAnswer } from '../../../src/contract/index.js';
import { setStage, type Stage } from '../../support/stage.js';
import { buildCli, type BuiltCli } from './built-cli.js';
import { startCli, type Ran } from './run-cli.js';

let stage: Stage;
let cli: BuiltCli;
beforeAll(async () => {
  cli = buildCli();
  stage = await setStage();
});
afterAll(async () => {
  await stage.end();
  cli.remove();
});

const run = (...args: string[]): Promise<Ran> => startCli(cli.main, stage.temporal.address, args).done;

test('from a look to one worker more', async () => {
  expect((await run('clusters')).stdout).toMatch(/demo +127\.0\.0\.1:\d+ +\S+ +command/);
  expect((await run('preflight', 'demo', '--json')).json<PreflightAnswer>().blockers).toBe(0);

  const dry = await run('scale-out', 'demo', '--add', '1', '--dry-run');
  expect(dry.code).toBe(0);
  expect(dry.stdout).toContain('Dry run: nothing was changed.');

  const asked = await run('scale-out', 'demo', '--add', '1', '--json');
  expect(asked.code).toBe(5);
  const { operation } = asked.json<OperationReport>();
  expect((await run('list', '--cluster', 'demo')).stdout).toContain(operation);
  expect((await run('approve', 'demo')).code).toBe(0);
  const watched = await run('watch', operation);
  expect(watched.code).toBe(0);
  expect(watched.stderr).toMatch(/✓ Move shards .*\n(.*\n)*.*✓ Verify/);

  const report = (await run('report', operation, '--json')).json<OperationReport>();
  expect(report).toMatchObject({ state: 'done', requestedBy: expect.stringContaining('@') as string });
  expect(report.movedShardGroups).toBeGreaterThan(0);
  expect((await run('report', operation)).stdout).toMatch(/shard groups moved/);

  const health = (await run('health', 'demo', '--json')).json<HealthAnswer>();
  expect(health.nodes.filter(({ role }) => role === 'worker')).toHaveLength(3);
  expect((await run('health', 'demo')).stdout).toMatch(/worker +active/);
});

test('init refuses a worker, and says where the coordinator is', async () => {
  const { coordinator, database, user, workers } = stage.cluster;
  const file = join(stage.folder, 'worker.yaml');
  const [worker] = workers;
  const ran = await run(
    ...[
      'init',
      '--config',
      file,
      '--name',
      'made',
      '--host',
      coordinator.host,
      '--port',
      String(worker?.port),
    ],
    ...['--database', database, '--user', user, '--password-file', `${stage.cluster.folder}/password`],
  );
  expect(ran.code).toBe(2);
  expect(ran.stderr).toContain(`:${worker?.port} is a worker`);
  expect(ran.stderr.replace(/\s+/g, ' ')).toContain(`registered as 127.0.0.1:${coordinator.port}.`);
  expect(existsSync(file)).toBe(false);
});

test('init refuses a Citus that is too old, and says which is old enough', async () => {
  const { coordinator, database, user } = stage.cluster;
  const file = join(stage.folder, 'old.yaml');
  const say = (version: unknown) =>
    stage.cluster.query(`UPDATE pg_catalog.pg_extension SET extversion = $1 WHERE extname = 'citus'`, [
      version,
    ]);
  const [before] = await stage.cluster.query<{ extversion: string }>(
    `SELECT extversion FROM pg_catalog.pg_extension WHERE extname = 'citus'`,
  );
  await say('11.3-1');
  const ran = await run(
    ...['init', '--config', file, '--name', 'made', '--host', coordinator.host],
    ...['--port', String(coordinator.port), '--database', database, '--user', user],
    ...['--password-file', `${stage.cluster.folder}/password`],
  ).finally(() => say(before?.extversion));
  expect(ran.code).toBe(2);
  expect(ran.stderr).toContain('Citus 11.3 is too old: 12.1 is the oldest that works');
  expect(existsSync(file)).toBe(false);
});

test('init says of a password file that isn’t there which one it is', async () => {
  const { coordinator, database, user } = stage.cluster;
  const ran = await run(
    ...['init', '--config', join(stage.folder, 'none.yaml'), '--name', 'made', '--host', coordinator.host],
    ...['--port', String(coordinator.port), '--database', database, '--user', user],
    ...['--password-file', '/no/such/file'],
  );
  expect(ran.code).toBe(7);
  expect(ran.stderr.replace(/\s+/g, ' ')).toMatch(
    /passwordFile that the config names for cluster "made" can't be read: ENOENT.*→ Check --password-file/,
  );
});

test('init writes a config that works, and never over another', async () => {
  const { coordinator, database, user } = stage.cluster;
  const file = join(stage.folder, 'made.yaml');
  const flags = [
    ...['--config', file, '--name', 'made', '--host', coordinator.host, '--port', String(coordinator.port)],
    ...['--database', database, '--user', user, '--password-file', `${stage.cluster.folder}/password`],
    ...['--tls', 'disable'],
  ];
  const made = await run('init', ...flags);
  expect(made).toMatchObject({ code: 0 });
  expect(made.stdout).toMatch(/Connected to made; it registers:\n +127\.0\.0\.1:\d+ +coordinator/);
  expect(loadConfig(file).clusters[0]?.name).toBe('made');

  const before = readFileSync(file, 'utf8');
  expect(await run('init', ...flags)).toMatchObject({ code: 2 });
  const wrong = await run('init', ...flags, '--force', '--database', 'none', '--json');
  expect(wrong.code).toBe(7);
  expect(wrong.stdout).toContain('does not exist');
  expect(readFileSync(file, 'utf8')).toBe(before);
});
