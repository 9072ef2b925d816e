import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { setRefusalStage, type RefusalStage } from './support.js';

let stage: RefusalStage;
beforeAll(async () => {
  stage = await setRefusalStage();
  await stage.remember();
});
afterEach(() => stage.expectUnchanged());
afterAll(() => stage.end());

describe('an input that contradicts itself or says too little is refused', () => {
  test.concurrent.each<[string, string, unknown, string, RegExp]>([
    ['nothing at all', 'scaleOut', undefined, 'cluster', /required/],
    ['a text', 'scaleOut', 'demo', 'input', /must be a mapping of fields/],
    ['a list', 'scaleOut', [{ cluster: 'demo' }], 'input', /must be a mapping of fields/],
    ['no aim', 'scaleOut', { cluster: 'demo' }, 'to', /to, add, nodes: exactly one of them is needed; none/],
    [
      'to and add',
      'scaleOut',
      { cluster: 'demo', to: 3, add: 1 },
      'to',
      /to, add: exactly one of them is needed; these were given/,
    ],
    [
      'add and nodes',
      'scaleOut',
      { cluster: 'demo', add: 1, nodes: ['db3:5432'] },
      'add',
      /add, nodes: exactly one of them is needed; these were given/,
    ],
    ['no node to drain', 'drainWorker', { cluster: 'demo' }, 'nodes', /required; must be a list/],
    [
      'a node to drain twice',
      'drainWorker',
      { cluster: 'demo', nodes: ['db3:5432', 'DB3:5432'] },
      'nodes',
      /twice/,
    ],
    [
      'a node to remove twice',
      'removeWorker',
      { cluster: 'demo', nodes: ['db3:5432', 'db3:5432'] },
      'nodes',
      /twice/,
    ],
    [
      'a field of another operation',
      'drainWorker',
      { cluster: 'demo', nodes: ['db3:5432'], keepMachine: true },
      'keepMachine',
      /allowed: .*undo/,
    ],
    [
      'a window ignored by a removal without a reason',
      'removeWorker',
      { cluster: 'demo', nodes: ['db3:5432'], window: 'ignore' },
      'reason',
      /window/,
    ],
    [
      'checks accepted by a rebalance without a reason',
      'rebalance',
      { cluster: 'demo', acceptChecks: ['role'] },
      'reason',
      /to accept checks/,
    ],
    [
      'a strategy that the cluster does not have',
      'rebalance',
      { cluster: 'demo', strategy: 'by_moonlight' },
      'strategy',
      /by_moonlight.*by_disk_size, by_shard_count/,
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
      /to accept checks/,
    ],
    [
      'an unknown field',
      'scaleOut',
      { cluster: 'demo', add: 1, dryrun: true },
      'dryrun',
      /dryrun: unknown field; allowed: .*dryRun/,
    ],
    [
      'another unknown field',
      'inspect',
      { what: 'health', cluster: 'demo', pages: 2 },
      'pages',
      /pages: unknown field; allowed: .*page/,
    ],
    [
      'two ways for one dead worker',
      'emergencyRemoveWorker',
      { cluster: 'demo', node: 'db3:5432', standby: 'db4:5432', acceptDataLoss: 'lose it' },
      'acceptDataLoss',
      /goes without standby/,
    ],
    [
      'one server for several dead workers',
      'emergencyRemoveWorker',
      { cluster: 'demo', node: 'db3:5432', alsoDead: ['db5:5432'], restored: 'db4:5432' },
      'alsoDead',
      /goes without restored/,
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
    await stage.expectInvalid(type, input, field, says);
  });

  test.concurrent.each([
    ['scaleOut', { add: 1 }],
    ['rebalance', {}],
    ['drainWorker', { nodes: ['db3:5432'] }],
    ['removeWorker', { nodes: ['db3:5432'] }],
    ['emergencyRemoveWorker', { node: 'db3:5432' }],
    ['isolateWorker', { node: 'db3:5432' }],
    ['salvageWorker', { node: 'db3:5432' }],
    ['replaceWorker', { node: 'db3:5432' }],
    ['cleanUp', {}],
    ['inspect', { what: 'health' }],
  ])('%s of a cluster that the config does not name', async (type, fields) => {
    const failure = await stage.failureOf(type, { cluster: 'store', ...fields });
    expect(failure).toMatchObject({ type: 'UnknownCluster', cluster: 'store' });
    expect(failure.message).toMatch(/"store".*"demo"/);
  });

  test.concurrent.each([
    ['password', { password: 'geheim' }],
    ['nodes', { nodes: ['postgres://scaler:geheim@db3:5432/app'] }],
  ])('what may be a secret in %s is not repeated', async (field, fields) => {
    const failure = await stage.expectInvalid('scaleOut', { cluster: 'demo', ...fields }, field, /./);
    expect(JSON.stringify(failure)).not.toContain('geheim');
  });

  test('lockCluster, which operations start, started by hand', async () => {
    const failure = await stage.failureOf('lockCluster', {});
    expect(failure).toMatchObject({
      type: 'InvalidInput',
      message: expect.stringContaining('not by hand') as string,
    });
    expect(failure.remedies).not.toEqual([]);
  });

  test('fewer workers than there are: removeWorker takes workers out', async () => {
    const { remedies } = await stage.expectInvalid(
      'scaleOut',
      { cluster: 'demo', to: 1 },
      'to',
      /below the present number of workers, 2/,
    );
    expect(remedies).toContainEqual(
      expect.objectContaining({ action: 'removeWorker', arguments: { cluster: 'demo' } }),
    );
  });
});

test('nothing is left running, and no password is told anywhere', () => stage.expectNothingLeft());
