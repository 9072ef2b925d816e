import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { SandboxNode } from '../../../sandbox/index.js';
import type { OperationReport } from '../../../src/contract/index.js';
import { setRefusalStage, type Refusal, type RefusalStage } from './support.js';

let stage: RefusalStage;
/** A server without the extension. */
let bare: SandboxNode;
beforeAll(async () => {
  stage = await setRefusalStage();
  bare = await stage.cluster.addNode({ extension: false });
  await stage.client.workflowService.registerNamespace({
    namespace: 'nobody-works-here',
    workflowExecutionRetentionPeriod: { seconds: 86_400 as never },
  });
  await stage.remember();
});
afterEach(() => stage.expectUnchanged());
afterAll(() => stage.end());

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
    [['scale-out', 'demo', '--to', '0'], 2, 'InvalidInput', /to: must be at least 1/],
    [['scale-out', 'demo', '--to', '3', '--add', '1'], 2, 'InvalidInput', /to, add: exactly one/],
    [
      ['scale-out', 'demo', '--node', 'db3', '--transfer-mode', 'x'],
      2,
      'InvalidInput',
      /transferMode.*nodes\.0/,
    ],
    [['preflight', 'demo', '--for', 'dance'], 2, 'Usage', /--for: .*scale-out/],
    [['scale-out', 'store', '--add', '1', '--yes'], 2, 'UnknownCluster', /"store".*"demo"/],
    [['status', 'store/scaleOut/1'], 2, 'UnknownOperation', /no operation store\/scaleOut\/1/],
    [['approve', 'handmade'], 2, 'UnknownOperation', /no operation is open on a cluster handmade/],
    [['scale-out', 'demo', '--node', '127.0.0.1:1', '--yes'], 3, 'PreflightRefused', /127\.0\.0\.1:1/],
    [['health', 'wrong-password'], 7, 'Unreachable', /wrong-password.*password authentication failed/],
    [['list', '--namespace', 'nowhere'], 2, 'Config', /no namespace nowhere/],
    [['list', ...nowhere], 7, 'Unreachable', /127\.0\.0\.1:1/],
    [['worker', '--listen', 'foo:bar'], 2, 'Config', /--listen takes PORT or HOST:PORT.*foo:bar/],
    [['worker', ...nowhere], 7, 'Unreachable', /127\.0\.0\.1:1/],
    [['scale-out', 'demo', '--add', '1', '--wait', '1s', ...nobody], 7, 'Unreachable', /No worker/],
    [['health', 'demo', ...nobody], 7, 'Unreachable', /No worker/],
  ])('%j exits with %i, %s', async (args, code, type, says) => {
    const config = args[0] === 'worker' ? ['--config', stage.configFile] : [];
    const ended = await stage.cli(...args, ...config, '--json');
    const { error } = ended.json<{ error: Refusal & { details: object } }>();
    expect(error.type).toBe(type);
    expect(error.message).toMatch(says);
    expect(Object.keys(error.details)).toEqual(expect.arrayContaining(['evidence', 'remedies']));
    expect(ended.code).toBe(code);
  });

  test('without --json standard error alone says it', async () => {
    const ended = await stage.cli('scale-out', 'demo', '--too', '3');
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr).toMatch(/^✗ .*--too/);
  });

  test.concurrent.each([[['scale-out', 'demo', '--dry-run']], [['preflight', 'demo']]])(
    '%j that finds a blocker answers with the checks, and exits with 3',
    async (args) => {
      const ended = await stage.cli(...args, '--node', bare.address, '--json');
      const { checks } = ended.json<OperationReport>();
      expect(checks.find(({ ok }) => !ok)).toMatchObject({ id: 'new-node-extension', severity: 'blocker' });
      expect(ended.code).toBe(3);
    },
  );
});

test('nothing is left running, and no password is told anywhere', () =>
  stage.expectNothingLeft('password authentication failed'));
