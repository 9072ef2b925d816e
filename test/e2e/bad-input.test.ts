import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { ApplicationFailure, WorkflowFailedError } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { openCluster } from '../../sandbox/cluster/cluster.js';
import { findFlavour, flavours } from '../../sandbox/flavour.js';
import { startCluster, type SandboxCluster, type SandboxNode } from '../../sandbox/index.js';
import { query } from '../../sandbox/postgres/query.js';
import type { FailureDetails, OperationReport } from '../../src/contract/index.js';
import { inspectInput, scaleOutInput } from '../../src/contract/schema/inputs.js';
import { buildCli, type BuiltCli } from '../integration/cli/built-cli.js';
import { startCli, type Ran } from '../integration/cli/run-cli.js';
import { histories } from '../support/histories.js';
import { operation, setStage, type Stage } from '../support/stage.js';

/** None of these may ever show, nor the cluster's own password. */
const secrets = { wrong: 'not-the-password-of-anything', literal: 'written-into-the-config' };

/** Nobody listens there; and a name that no resolver knows. A coordinator there is waited for, for a minute. */
const silent = { unreachable: '127.0.0.1:1', 'unknown-host': 'nowhere.invalid:5432' };

let stage: Stage;
let before: unknown;
/** Servers that can't become workers, by what is wrong with them. */
let bad: Record<'bare' | 'noDatabase' | 'otherPassword' | 'otherCitus', SandboxNode>;
/** A server of another PostgreSQL, on a machine that has both flavours. */
let otherFlavour: SandboxCluster | undefined;
/** Counts who connects. */
let stranger: { server: Server; port: number; visits: number };
let built: BuiltCli;
const commandsEnded: Ran[] = [];

beforeAll(async () => {
  built = buildCli();
  stage = await setStage();
  const { cluster } = stage;
  writeClusters(stage);
  const patient = stage.restartWorker().then(async () => {
    for (const cluster of Object.keys(silent))
      await start('scaleOut', `patient/${cluster}`, { cluster, add: 1 });
  });
  [bad, otherFlavour, stranger] = await Promise.all([
    badServers(cluster),
    clusterOfOtherFlavour(cluster),
    listenToStrangers(),
    patient,
    stage.client.workflowService.registerNamespace({
      namespace: 'nobody-works-here',
      workflowExecutionRetentionPeriod: { seconds: 86_400 as never },
    }),
  ]);
  before = await stateOf(cluster);
});
afterEach(async () => {
  expect(await stateOf(stage.cluster)).toEqual(before);
});
afterAll(async () => {
  built.remove();
  stranger.server.close();
  await Promise.all([stage.end(), otherFlavour?.stop()]);
});

describe('an input of the wrong type or out of range is refused, with the field and what it may be', () => {
  type Wrong = Record<string, { values: unknown[]; says: RegExp }>;
  const number = /expected (number|int)\b/;
  const text = (most: number): Wrong[string] => ({
    values: ['', 7, null, 'x'.repeat(most + 1)],
    says: /expected string/,
  });
  const nodes = {
    values: ['db3:5432', [7], ['db3'], ['db3:0'], ['db3:65536'], addresses(101)],
    says: /expected array|expected string|must be host:port|port must be between 1 and 65535/,
  };
  const scaleOut: Wrong = {
    cluster: {
      values: [undefined, null, 7, '', 'two words', 'x'.repeat(65)],
      says: /the name of a cluster in the config/,
    },
    to: { values: ['2', 0, -1, 1.5, 1_001, null], says: number },
    add: { values: ['2', 0, -1, 1.5, 101, null], says: number },
    nodes: { ...nodes, values: [[], ...nodes.values] },
    rebalance: { values: ['yes', 0, null], says: /expected boolean/ },
    method: { values: ['clone', 1], says: /may be "move"/ },
    transferMode: { values: ['logical', true], says: /"auto"\|"force_logical"\|"block_writes"/ },
    parallelMoves: { values: ['2', 0, 65, 1.5], says: number },
    approval: { values: ['none', false], says: /"required"\|"auto"/ },
    window: { values: ['never', true], says: /"respect"\|"ignore"/ },
    dryRun: { values: ['true', 1], says: /expected boolean/ },
    ifBusy: { values: ['takeOver', true], says: /"fail"\|"wait"/ },
    acceptChecks: {
      values: ['role', [''], [7], ['no-such-check'], ['new-node-extension']],
      says: /expected array|expected string|it may name: .*target-disk/,
    },
    reason: text(500),
    requestedBy: text(200),
  };
  const inspect: Wrong = {
    what: {
      values: [undefined, 'everything', 7],
      says: /"health"\|"preflight"\|"clusters"\|"moves"\|"nodes"/,
    },
    cluster: { values: [undefined, 7, 'two words'], says: /required|the name of a cluster in the config/ },
    for: { values: ['scaleIn', 7], says: /"scaleOut"/ },
    page: { values: [0, 1.5, '1'], says: number },
    nodes,
  };

  test.concurrent.each(casesOf(scaleOut))("scaleOut: %s can't be %s", async (field, _shown, value, says) => {
    const aim = field === 'to' || field === 'nodes' ? {} : { add: 1 };
    const input = { cluster: 'demo', reason: 'a test', ...aim, [field]: value };
    await expectInvalid('scaleOut', input, field, says);
  });

  test.concurrent.each(casesOf(inspect))("inspect: %s can't be %s", async (field, _shown, value, says) => {
    await expectInvalid('inspect', { what: 'preflight', cluster: 'demo', [field]: value }, field, says);
  });

  test('no field is left out above', () => {
    expect(Object.keys(scaleOut).sort()).toEqual(Object.keys(scaleOutInput.shape).sort());
    expect(Object.keys(inspect).sort()).toEqual(Object.keys(inspectInput.shape).sort());
  });

  function casesOf(wrong: Wrong): [field: string, shown: string, value: unknown, says: RegExp][] {
    return Object.entries(wrong).flatMap(([field, { values, says }]) =>
      values.map((value): [string, string, unknown, RegExp] => [field, shown(value), value, says]),
    );
  }

  function shown(value: unknown): string {
    const text = value === undefined ? 'missing' : JSON.stringify(value);
    return text.length > 40 ? `${text.slice(0, 12)}… of ${text.length} characters` : text;
  }

  function addresses(count: number): string[] {
    return Array.from({ length: count }, (_, index) => `db${index}:5432`);
  }
});

describe('an input that contradicts itself or says too little is refused', () => {
  test.concurrent.each<[string, string, unknown, string, RegExp]>([
    ['nothing at all', 'scaleOut', undefined, 'cluster', /required/],
    ['a text', 'scaleOut', 'demo', 'input', /object/],
    ['a list', 'scaleOut', [{ cluster: 'demo' }], 'input', /object/],
    ['no aim', 'scaleOut', { cluster: 'demo' }, 'to', /exactly one of to, add and nodes is needed; none/],
    ['to and add', 'scaleOut', { cluster: 'demo', to: 3, add: 1 }, 'to', /to and add were given/],
    [
      'add and nodes',
      'scaleOut',
      { cluster: 'demo', add: 1, nodes: ['db3:5432'] },
      'add',
      /add and nodes were given/,
    ],
    ['a node twice', 'scaleOut', { cluster: 'demo', nodes: ['db3:5432', 'DB3:5432'] }, 'nodes', /twice/],
    [
      'a window ignored without a reason',
      'scaleOut',
      { cluster: 'demo', add: 1, window: 'ignore' },
      'reason',
      /window/,
    ],
    [
      'accepted checks without a reason',
      'scaleOut',
      { cluster: 'demo', add: 1, acceptChecks: ['role'] },
      'reason',
      /acceptChecks/,
    ],
    [
      'an unknown field',
      'scaleOut',
      { cluster: 'demo', add: 1, dryrun: true },
      'dryrun',
      /unknown field dryrun; allowed: .*dryRun/,
    ],
    [
      'another unknown field',
      'inspect',
      { what: 'health', cluster: 'demo', pages: 2 },
      'pages',
      /unknown field pages; allowed: .*page/,
    ],
    ['a look without a cluster', 'inspect', { what: 'health' }, 'cluster', /required with what: "health"/],
    [
      'for without preflight',
      'inspect',
      { what: 'health', cluster: 'demo', for: 'scaleOut' },
      'for',
      /preflight/,
    ],
  ])('%s', async (_what, type, input, field, says) => {
    await expectInvalid(type, input, field, says);
  });

  test.concurrent.each(['scaleOut', 'inspect'])(
    '%s of a cluster that the config does not name',
    async (type) => {
      const failure = await failureOf(type, {
        cluster: 'store',
        ...(type === 'inspect' ? { what: 'health' } : { add: 1 }),
      });
      expect(failure).toMatchObject({ type: 'UnknownCluster' });
      expect(failure.message).toMatch(/"store".*"demo"/);
    },
  );

  test.concurrent.each([
    ['password', { password: 'geheim' }],
    ['nodes', { nodes: ['postgres://scaler:geheim@db3:5432/app'] }],
  ])('what may be a secret in %s is not repeated', async (field, fields) => {
    const failure = await expectInvalid('scaleOut', { cluster: 'demo', ...fields }, field, /./);
    expect(JSON.stringify(failure)).not.toContain('geheim');
  });

  test('fewer workers than there are: removeWorker takes workers out', async () => {
    await expectInvalid(
      'scaleOut',
      { cluster: 'demo', to: 1 },
      'to',
      /below the present number of workers, 2; removeWorker/,
    );
  });
});

describe("a server that can't become a worker is refused before anything is changed", () => {
  test.each<[string, () => string, string, RegExp]>([
    ['the coordinator', () => stage.cluster.coordinator.address, 'new-node-is-new', /is the coordinator/],
    ['one that is not there', () => '127.0.0.1:1', 'new-node-reachable', /ECONNREFUSED/],
    [
      'one that is no PostgreSQL',
      () => `127.0.0.1:${stranger.port}`,
      'new-node-reachable',
      /(ECONNRESET|was lost)/,
    ],
    [
      'one without the extension',
      () => bad.bare.address,
      'new-node-extension',
      /no citus extension in the database app/,
    ],
    [
      'one without the database',
      () => bad.noDatabase.address,
      'new-node-reachable',
      /database "app" does not exist/,
    ],
    [
      'one with another password',
      () => bad.otherPassword.address,
      'new-node-reachable',
      /password authentication failed/,
    ],
    [
      'one with another Citus',
      () => bad.otherCitus.address,
      'new-node-versions',
      /Citus .*extension 11\.0-1.*; the coordinator/,
    ],
  ])('%s', async (_what, node, id, says) => {
    await expectRefused({ cluster: 'demo', nodes: [node()] }, id, new RegExp(`${node()}.*${says.source}`));
  });

  test('one with another PostgreSQL', async ({ skip }) => {
    if (!otherFlavour) return skip('this machine has one PostgreSQL only');
    const { address } = otherFlavour.coordinator;
    await expectRefused(
      { cluster: 'demo', nodes: [address] },
      'new-node-versions',
      new RegExp(`${address} has PostgreSQL .*; the coordinator PostgreSQL`),
    );
  });

  test('one that is not allowed is not even spoken to', async () => {
    const visits = stranger.visits;
    for (const node of [`localhost:${stranger.port}`, '10.255.255.1:5432']) {
      const asked = Date.now();
      await expectRefused(
        { cluster: 'demo', nodes: [node] },
        'new-node-allowed',
        new RegExp(`${node} may not be connected to.*allowedNodes`),
      );
      expect(Date.now() - asked).toBeLessThan(8_000);
    }
    // The default allows the coordinator and what is registered, no more.
    await expectRefused(
      { cluster: 'handmade', nodes: [`127.0.0.1:${stranger.port}`] },
      'new-node-allowed',
      /handmade/,
    );
    expect(stranger.visits).toBe(visits);
  });

  test('several are all named', async () => {
    const nodes = ['127.0.0.1:1', '10.255.255.1:5432', bad.bare.address];
    const failure = await failureOf('scaleOut', { cluster: 'demo', nodes });
    expect(failure.message).toContain('(and 2 more)');
    for (const node of nodes) expect(failure.evidence.join('\n')).toContain(node);
  });
});

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
    await expectRefused({ cluster, add: 1 }, id, says);
  });

  test.concurrent.each([...unusable, ['unreachable', 'coordinator-reachable', /ECONNREFUSED/] as const])(
    '%s: a dry run ends with the blocker %s',
    async (cluster, id, says) => {
      const name = `dry/${cluster}`;
      await start('scaleOut', name, { cluster, add: 1, dryRun: true });
      const { checks, state } = await operation(stage.client, name).result();
      expect(state).toBe('done');
      const check = checks.find((each) => each.id === id);
      expect(check).toMatchObject({ severity: 'blocker', ok: false });
      expect(check?.evidence).toMatch(says);
    },
  );

  test('no provisioner: nothing can be started', async () => {
    await expectRefused({ cluster: 'handmade', add: 1 }, 'provisioner', /handmade has no workersFrom/);
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
    const { code, stdout, stderr } = await cli('worker', '--config', file);
    for (const each of says) expect(stderr.replace(/\s+/g, ' ')).toMatch(each);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });
});

describe("a command that can't be done says why, in one JSON document or on standard error", () => {
  const nobody = ['--namespace', 'nobody-works-here'];
  const nowhere = ['--address', '127.0.0.1:1'];
  test.concurrent.each<[args: string[], exitCode: number, type: string, says: RegExp]>([
    [[], 2, 'Usage', /command is needed/],
    [['scale-in', 'demo'], 2, 'Usage', /scale-in/],
    [['scale-out', '--add', '1'], 2, 'Usage', /cluster/],
    [['scale-out', 'demo', '--add', '1', '--colour'], 2, 'Usage', /--colour/],
    [['scale-out', 'demo', '--to'], 2, 'Usage', /--to/],
    [['scale-out', 'demo', '--to', 'two'], 2, 'Usage', /--to.*two.*whole number/],
    [['scale-out', 'demo', '--to', '0'], 2, 'InvalidInput', /to: .*>=1/],
    [['scale-out', 'demo', '--to', '3', '--add', '1'], 2, 'InvalidInput', /to and add were given/],
    [
      ['scale-out', 'demo', '--node', 'db3', '--transfer-mode', 'x'],
      2,
      'InvalidInput',
      /transferMode.*nodes\.0/,
    ],
    [['preflight', 'demo', '--for', 'dance'], 2, 'InvalidInput', /for: .*scaleOut/],
    [['scale-out', 'store', '--add', '1', '--yes'], 2, 'UnknownCluster', /"store".*"demo"/],
    [['status', 'store/scaleOut/1'], 2, 'UnknownOperation', /no operation store\/scaleOut\/1/],
    [['approve', 'handmade'], 2, 'UnknownOperation', /no operation is open on a cluster handmade/],
    [['scale-out', 'demo', '--node', '127.0.0.1:1', '--yes'], 3, 'PreflightRefused', /127\.0\.0\.1:1/],
    [['health', 'wrong-password'], 7, 'Unreachable', /wrong-password.*password authentication failed/],
    [['list', '--namespace', 'nowhere'], 2, 'Config', /no namespace nowhere/],
    [['list', ...nowhere], 7, 'Unreachable', /127\.0\.0\.1:1/],
    [['worker', ...nowhere], 7, 'Unreachable', /127\.0\.0\.1:1/],
    [['scale-out', 'demo', '--add', '1', ...nobody], 7, 'Unreachable', /No worker/],
    [['health', 'demo', ...nobody], 7, 'Unreachable', /No worker/],
  ])('%j exits with %i, %s', async (args, code, type, says) => {
    const config = args[0] === 'worker' ? ['--config', stage.configFile] : [];
    const ended = await cli(...args, ...config, '--json');
    const { error } = ended.json<{ error: Failure & { details: FailureDetails } }>();
    expect(error.type).toBe(type);
    expect(error.message).toMatch(says);
    expect(Object.keys(error.details)).toEqual(expect.arrayContaining(['evidence', 'remedies']));
    expect(ended.code).toBe(code);
  });

  test('without --json standard error alone says it', async () => {
    const ended = await cli('scale-out', 'demo', '--too', '3');
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr).toMatch(/^✗ .*--too/);
  });

  test.concurrent.each([[['scale-out', 'demo', '--dry-run']], [['preflight', 'demo']]])(
    '%j that finds a blocker answers with the checks, and exits with 3',
    async (args) => {
      const ended = await cli(...args, '--node', bad.bare.address, '--json');
      const { checks } = ended.json<OperationReport>();
      expect(checks.find(({ ok }) => !ok)).toMatchObject({ id: 'new-node-extension', severity: 'blocker' });
      expect(ended.code).toBe(3);
    },
  );
});

test.each(Object.entries(silent))(
  '%s: a coordinator that does not answer is waited for a minute, then the operation is refused',
  async (cluster, address) => {
    const failure = await endOf(`patient/${cluster}`);
    expect(failure).toMatchObject({ type: 'PreflightRefused', cluster });
    expect(failure.message).toMatch(new RegExp(`coordinator-reachable: .*${address.split(':')[0] ?? ''}`));
  },
);

test('nothing is left running, and no password is in any history, log, report or answer', async () => {
  const running = stage.client.workflow.list({ query: `ExecutionStatus = 'Running'` });
  for await (const { workflowId } of running) expect.fail(`${workflowId} still runs`);

  const files = [stage.folder, join(stage.folder, 'reports')].flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => /\.(log|json)$/.test(name))
      .map((name) => join(folder, name)),
  );
  const places = await histories(stage.client);
  for (const file of files) places.set(file, readFileSync(file, 'utf8'));
  commandsEnded.forEach(({ stdout, stderr }, index) => places.set(`command ${index}`, stdout + stderr));
  expect(places.size).toBeGreaterThan(100);
  // It is looked for in what can be read: failures, decoded payloads and logs.
  const all = [...places.values()].join('\n');
  for (const known of ['password authentication failed', '"approval":"auto"', 'worker ready'])
    expect(all).toContain(known);

  const hidden = [stage.cluster.password, ...Object.values(secrets)];
  for (const [place, text] of places) {
    const found = hidden.filter(
      (secret) =>
        text.includes(secret) || text.includes(Buffer.from(secret).toString('base64').replace(/=+$/, '')),
    );
    expect(found, place).toEqual([]);
  }
});

interface Failure extends FailureDetails {
  type: string | null | undefined;
  message: string;
}

let started = 0;

/** Starts a workflow as any Temporal client would and waits for its failure. */
async function failureOf(type: string, input: unknown): Promise<Failure> {
  started += 1;
  const id = `bad/${type}/${started}`;
  await start(type, id, input);
  return endOf(id);
}

async function start(type: string, workflowId: string, input: unknown): Promise<void> {
  const args = input === undefined ? [] : [withApproval(type, input)];
  await stage.client.workflow.start(type, { taskQueue: 'citus-scaler', workflowId, args });
}

/** So that an input which is taken by mistake does its damage, and is noticed. */
function withApproval(type: string, input: unknown): unknown {
  const isObject = typeof input === 'object' && input !== null && !Array.isArray(input);
  return type === 'scaleOut' && isObject ? { approval: 'auto', ...input } : input;
}

async function endOf(id: string): Promise<Failure> {
  try {
    await stage.client.workflow.getHandle(id).result();
  } catch (error) {
    const cause = error instanceof WorkflowFailedError ? error.cause : error;
    if (!(cause instanceof ApplicationFailure)) throw error;
    const details = cause.details?.[0] as FailureDetails;
    return { ...details, type: cause.type, message: cause.message };
  }
  throw new Error(`${id} was not refused`);
}

async function expectInvalid(type: string, input: unknown, field: string, says: RegExp): Promise<Failure> {
  const failure = await failureOf(type, input);
  expect(failure.type).toBe('InvalidInput');
  expect(failure.message).toMatch(new RegExp(`\\b${field}\\b`));
  expect([failure.message, ...failure.evidence].join('\n')).toMatch(says);
  expect(failure.remedies).not.toEqual([]);
  return failure;
}

async function expectRefused(
  input: { cluster: string; add?: number; nodes?: string[] },
  id: string,
  says: RegExp,
): Promise<void> {
  const failure = await failureOf('scaleOut', input);
  expect(failure).toMatchObject({ type: 'PreflightRefused', cluster: input.cluster });
  expect(failure.message).toContain(`${input.cluster} isn't ready: ${id}: `);
  expect(failure.message).toMatch(says);
  expect(failure.remedies).not.toEqual([]);
}

async function cli(...args: string[]): Promise<Ran> {
  const ended = await startCli(built.main, stage.temporal.address, args).done;
  commandsEnded.push(ended);
  return ended;
}

/** Nodes, placements and machines: what no refused operation may touch. */
async function stateOf(cluster: SandboxCluster): Promise<unknown> {
  const [catalog] = await cluster.query(
    `select (select json_agg(n order by nodeid) from pg_dist_node n) as nodes,
            (select json_agg(p order by placementid) from pg_dist_placement p) as placements`,
  );
  return { ...catalog, machines: openCluster(cluster.folder).workers.map(({ name }) => name) };
}

/** Adds clusters to the config that are named rightly and can't be used. Two names for one database are not allowed. */
function writeClusters({ configFile, cluster, folder }: Stage): void {
  const config = parse(readFileSync(configFile, 'utf8')) as {
    clusters: Record<string, { coordinator: object }>;
  };
  const { coordinator } = config.clusters['demo'] ?? { coordinator: {} };
  const wrongPassword = join(folder, 'wrong-password');
  writeFileSync(wrongPassword, secrets.wrong);
  const [first, second] = cluster.workers.map(({ port }) => port);
  const add = (name: string, change: object, others: object = {}): void => {
    config.clusters[name] = { coordinator: { ...coordinator, ...change }, ...others };
  };
  add('handmade', { host: 'localhost' });
  add('wrong-password', { port: first, passwordFile: wrongPassword });
  add('wrong-database', { database: 'nowhere' });
  add('no-secret', { database: 'app1', passwordFile: undefined, passwordEnv: 'NOBODY_SET_THIS' });
  add('no-secret-file', { database: 'app2', passwordFile: 'no-such-file' });
  add('a-worker', { port: second });
  add('no-citus', { database: 'postgres' });
  for (const [name, address] of Object.entries(silent)) {
    const [host, port] = address.split(':');
    add(name, { host, port: Number(port) });
  }
  writeFileSync(configFile, stringify(config));
}

async function badServers(cluster: SandboxCluster): Promise<typeof bad> {
  const bare = await cluster.addNode({ extension: false });
  const noDatabase = await cluster.addNode();
  const otherPassword = await cluster.addNode();
  const otherCitus = await cluster.addNode();
  await query(
    { ...noDatabase.login, database: 'postgres' },
    `drop database ${cluster.database} with (force)`,
  );
  await otherPassword.query(`alter role ${cluster.user} password 'another'`);
  // Real Citus refuses to work with an extension that isn't its library's, unless told not to look.
  await otherCitus.query(`alter database ${cluster.database} set citus.enable_version_checks = off`);
  await otherCitus.query(`update pg_extension set extversion = '11.0-1' where extname = 'citus'`);
  return { bare, noDatabase, otherPassword, otherCitus };
}

/** The other flavour runs on another PostgreSQL; it gets the cluster's password, so that only the version is wrong. */
async function clusterOfOtherFlavour({
  flavour,
  user,
  password,
}: SandboxCluster): Promise<SandboxCluster | undefined> {
  const other = flavours.find((each) => each !== flavour);
  try {
    findFlavour(other);
  } catch {
    return undefined;
  }
  const cluster = await startCluster({ workers: 0, flavour: other });
  await cluster.query(`alter role ${user} password '${password}'`);
  return cluster;
}

/** A server that hangs up on everyone. */
async function listenToStrangers(): Promise<typeof stranger> {
  const server = createServer((socket) => {
    stranger.visits += 1;
    socket.destroy();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  return { server, port: typeof address === 'object' && address ? address.port : 0, visits: 0 };
}
