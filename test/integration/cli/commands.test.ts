import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { OperationStatus, Remedy } from '../../../src/contract/index.js';
import { setStubStage, type StubStage } from './stub-stage.js';

let stage: StubStage;
beforeAll(async () => {
  stage = await setStubStage();
});
afterAll(() => stage.end());

const scaleOut = (reason: string, ...more: string[]): string[] => [
  'scale-out',
  'shop',
  '--add',
  '1',
  '--reason',
  reason,
  ...more,
];

interface ErrorDocument {
  error: { type: string; message: string; details: { evidence: string[]; remedies: Remedy[] } };
}

describe('an operation command ends with', () => {
  test.each([
    [scaleOut('done'), 0],
    [scaleOut('blocked', '--dry-run'), 3],
    [scaleOut('fail NotImproved'), 1],
    [scaleOut('fail UnknownCluster'), 2],
    [scaleOut('fail PreflightRefused'), 3],
    [scaleOut('fail ForeignJobRunning'), 4],
    [scaleOut('fail PlanRejected'), 6],
  ])('%s: %i, and one document', async (args, code) => {
    const ran = await stage.run(...args, '--json');
    expect(ran.code).toBe(code);
    if (code === 0 || args.includes('--dry-run')) expect(ran.json<OperationStatus>().state).toBe('done');
    else {
      const { error } = ran.json<ErrorDocument>();
      expect(error.details).toMatchObject({
        evidence: ['what was seen'],
        remedies: [{ text: 'what to do' }],
      });
      expect(`fail ${error.type}`).toBe(args[5]);
    }
  });

  test('5 when someone is needed and nobody is there, and stays open', async () => {
    const id = randomUUID();
    const ran = await stage.run(...scaleOut('approval', '--id', id, '--json'));
    expect(ran.code).toBe(5);
    expect(ran.json<OperationStatus>()).toMatchObject({ operation: id, state: 'awaiting-approval' });
    const approved = await stage.run('approve', id, '--plan-hash', '3f9c2a', '--json');
    expect(approved.json<OperationStatus>()).toMatchObject({ operation: id });
    expect((await stage.run('watch', id)).code).toBe(0);

    const trouble = await stage.run(...scaleOut('attention', '--id', randomUUID()));
    expect(trouble.code).toBe(5);
    expect(trouble.stderr).toMatch(/! disk full\n {2}3 MB free\n {2}→ free some/);
  });

  test('a rejected plan, and says so', async () => {
    const id = randomUUID();
    await stage.run(...scaleOut('approval', '--id', id, '--detach'));
    const ran = await stage.run('reject', id, '--reason', 'not now');
    expect(ran).toMatchObject({ code: 0, stdout: `Rejected ${id}: now failed\n` });
  });

  test('6 when someone else cancels it, and cancel itself with 0', async () => {
    const id = randomUUID();
    const following = stage.start(...scaleOut('open', '--id', id, '--json'));
    await expect.poll(following.said, { timeout: 20_000 }).toContain('running');
    const cancel = await stage.run('cancel', id, '--json');
    expect(cancel).toMatchObject({ code: 0 });
    expect(cancel.stderr).toMatch(/A cancel leaves what was moved\s+where it is\./);
    expect(cancel.json<OperationStatus>().state).toBe('cancelled');
    const followed = await following.done;
    expect(followed.code).toBe(6);
    expect(followed.json<ErrorDocument>().error.type).toBe('Cancelled');
    const again = await stage.run('cancel', id);
    expect(again.code).toBe(1);
    expect(again.stderr.split(/\s+/).join(' ')).toBe(
      `✗ ${id} is cancelled already; there is nothing to cancel. `,
    );
    expect((await stage.run('status', id, '--json')).json<OperationStatus>().state).toBe('cancelled');
    expect((await stage.run('report', id)).stdout).toContain('cancelled');
  });
});

test('Ctrl-C detaches, says how to come back, and cancels nothing', async () => {
  const id = randomUUID();
  const following = stage.start(...scaleOut('open', '--id', id));
  await expect.poll(following.said, { timeout: 20_000 }).toContain('running');
  following.interrupt();
  const ran = await following.done;
  expect(ran.code).toBe(0);
  expect(ran.stderr).toContain(`citus-scaler watch ${id}`);
  expect(await stage.client.operation(id).status()).toMatchObject({ state: 'running' });
  await stage.client.operation(id).cancel();
});

test('--detach returns at once; watch --json prints a status a line', async () => {
  const id = randomUUID();
  const ran = await stage.run(...scaleOut('approval', '--id', id, '--detach', '--json'));
  expect(ran.code).toBe(0);
  expect(ran.json<OperationStatus>()).toMatchObject({ operation: id, state: 'awaiting-approval' });
  const watching = stage.start('watch', id, '--json');
  await expect.poll(watching.printed, { timeout: 20_000 }).toContain('awaiting-approval');
  await stage.client.operation(id).approve({ by: 'test' });
  const watched = await watching.done;
  const states = watched.stdout
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as OperationStatus).state);
  expect(states[0]).toBe('awaiting-approval');
  expect(states.at(-1)).toBe('done');
});

test('--quiet says nothing but the answer', async () => {
  const ran = await stage.run(...scaleOut('done', '--quiet'));
  expect(ran.stderr).toBe('');
  expect(ran.stdout).toContain('scaleOut shop  done');
});

describe('a mistake of usage ends with 2', () => {
  test.each([
    [['bogus']],
    [['scale-out', 'shop', '--add', 'two']],
    [['scale-out', 'shop']],
    [['--json', 'status', 'no-such-operation']],
    [['status', 'shop/scaleOut/20260101T000000Z-0000']],
    [['list', '--profile', 'no-such-profile']],
    [['list', '--limit', '0']],
    [['list', '--limit', '-5']],
    [['list', '--cluster', 'no-such-cluster']],
    [['worker', '--config', '/no/such/file.yaml']],
    [['list', '--config', '/no/such/file.yaml']],
  ])('%s', async (args) => {
    const plain = await stage.run(...args);
    expect(plain.code).toBe(2);
    expect(plain.stderr).toMatch(/^(✗|\{|$)/m);
    expect(plain.stderr).not.toMatch(/ {4}at /);
    const ran = await stage.run(...args, '--json');
    expect(ran.code).toBe(2);
    expect(ran.json<ErrorDocument>().error.message).not.toBe('');
  });
});

test.each([
  [['list']],
  [['clusters']],
  [['health', 'shop']],
  [scaleOut('done')],
  [['status', 'shop']],
  [['status', 'shop/scaleOut/20260101T000000Z-0000']],
  [['approve', 'shop/scaleOut/20260101T000000Z-0000']],
])('%s says of a namespace that isn’t there what list says', async (args) => {
  const ran = await stage.run(...args, '--namespace', 'no-such-namespace');
  expect(ran.code).toBe(2);
  expect(ran.stderr.replace(/\s+/g, ' ')).toBe(
    `✗ Temporal at ${stage.address} has no namespace no-such-namespace (--namespace, TEMPORAL_NAMESPACE). `,
  );
});

test('watch --json prints an error as a line too', async () => {
  for (const args of [['shop/scaleOut/20260101T000000Z-0000'], []]) {
    const ran = await stage.run('watch', ...args, '--json');
    expect(ran.code).toBe(2);
    expect(ran.stdout.trim().split('\n')).toHaveLength(1);
    expect(ran.json<ErrorDocument>().error.message).not.toBe('');
  }
});

describe('what is away is noticed and ends with 7', () => {
  test('Temporal, with the address tried', async () => {
    const ran = await stage.run('list', '--address', '127.0.0.1:1', '--json');
    expect(ran.code).toBe(7);
    expect(ran.json<ErrorDocument>().error).toMatchObject({
      type: 'Unreachable',
      message: expect.stringContaining('127.0.0.1:1') as string,
    });
  });

  test('a cluster', async () => {
    expect((await stage.run('health', 'away')).code).toBe(7);
  });

  test('the worker; what is closed can be told without it', async () => {
    const [open, closed] = await Promise.all([
      stage.client.scaleOut({ cluster: 'shop', add: 1, reason: 'open' }),
      stage.client.scaleOut({ cluster: 'shop', add: 1, reason: 'fail GivenUp' }),
    ]);
    await expect(closed.result()).rejects.toThrow();
    await stage.stopWorker();
    const [status, health, started, told] = await Promise.all([
      stage.run('status', open.id, '--json', '--wait', '0s'),
      stage.run('clusters'),
      stage.run(...scaleOut('done', '--wait', '0s')),
      stage.run('report', closed.id, '--json'),
    ]);
    expect([status.code, health.code, started.code, told.code]).toEqual([7, 7, 7, 0]);
    expect(status.json<ErrorDocument>().error.message).toContain('No worker answers');
    expect(told.json<OperationStatus>()).toMatchObject({ state: 'failed', failure: { type: 'GivenUp' } });
    await stage.startWorker();
    await open.cancel();
  });
});
