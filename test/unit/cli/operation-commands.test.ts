import { beforeEach, expect, test, vi } from 'vitest';
import { createProgram } from '../../../src/cli/program.js';
import type { OperationType } from '../../../src/contract/index.js';
import { operationInputs } from '../../../src/contract/schema/inputs.js';

/** What a command has asked of the client; it is told that nobody is there, so that it ends. */
const asked = vi.hoisted((): { type: string; input: object; options: object }[] => []);
vi.mock('../../../src/client/index.js', async () => {
  const { operationTypes } = await import('../../../src/contract/index.js');
  const start = (type: string) => (input: object, options: object) => {
    asked.push({ type, input, options });
    return Promise.reject(new Error('asked'));
  };
  const client = {
    needWorker: () => Promise.resolve(),
    close: () => Promise.resolve(),
    ...Object.fromEntries(operationTypes.map((type) => [type, start(type)])),
  };
  return { ScalerClient: { connect: () => Promise.resolve(client) } };
});
beforeEach(() => {
  asked.length = 0;
});

async function askedBy(...argv: string[]): Promise<(typeof asked)[number]> {
  await expect(createProgram({ exitCode: 0 }).parseAsync(argv, { from: 'user' })).rejects.toThrow('asked');
  const [first, ...more] = asked;
  if (!first) throw new Error(`${argv.join(' ')} asked nothing`);
  expect(more).toEqual([]);
  return first;
}

const nodes = ['db3:5432', 'db4:5432'];

test.each<[string[], OperationType, object]>([
  [['scale-out', 'shop', '--add', '2'], 'scaleOut', { add: 2 }],
  [['scale-out', 'shop', '--to', '5', '--no-rebalance'], 'scaleOut', { to: 5, rebalance: false }],
  [['scale-out', 'shop', '--node', ...nodes], 'scaleOut', { nodes }],
  [['scale-out', 'shop', '--node', 'db3:5432', '--node', 'db4:5432'], 'scaleOut', { nodes }],
  [['scale-out', 'shop', '--add', '1', '--method', 'move'], 'scaleOut', { add: 1, method: 'move' }],
  [
    ['scale-out', 'shop', '--add', '1', '--method', 'clone', '--source', 'db2:5432'],
    'scaleOut',
    { add: 1, method: 'clone', source: 'db2:5432' },
  ],
  [
    ['scale-out', 'shop', '--add', '1', '--ignore-window', '--reason', 'now'],
    'scaleOut',
    { add: 1, window: 'ignore', reason: 'now' },
  ],
  [['rebalance', 'shop'], 'rebalance', {}],
  [['rebalance', 'shop', '--strategy', 'by_shard_count'], 'rebalance', { strategy: 'by_shard_count' }],
  [['rebalance', 'shop', '--threshold', '0.05'], 'rebalance', { threshold: 0.05 }],
  [['rebalance', 'shop', '--threshold', '0'], 'rebalance', { threshold: 0 }],
  [['rebalance', 'shop', '--drain-only'], 'rebalance', { drainOnly: true }],
  [['drain', 'shop', ...nodes], 'drainWorker', { nodes }],
  [['drain', 'shop', 'db3:5432', '--undo'], 'drainWorker', { nodes: ['db3:5432'], undo: true }],
  [['remove', 'shop', ...nodes], 'removeWorker', { nodes }],
  [
    ['remove', 'shop', 'db3:5432', '--keep-machine'],
    'removeWorker',
    { nodes: ['db3:5432'], keepMachine: true },
  ],
  [
    ['salvage', 'shop', 'db3:5432', '--table', 'orders', 'app.log'],
    'salvageWorker',
    { node: 'db3:5432', tables: ['orders', 'app.log'] },
  ],
  [['isolate', 'shop', 'db3:5432'], 'isolateWorker', { node: 'db3:5432' }],
  [['isolate', 'shop', 'db3:5432', '--undo'], 'isolateWorker', { node: 'db3:5432', undo: true }],
  [
    ['emergency-remove', 'shop', 'db3:5432', 'db4:5432', '--dead-for', '2m', '--accept-data-loss', 'lose it'],
    'emergencyRemoveWorker',
    { node: 'db3:5432', alsoDead: ['db4:5432'], deadFor: '2m', acceptDataLoss: 'lose it' },
  ],
  [
    [
      'emergency-remove',
      'shop',
      'db3:5432',
      '--standby',
      'db4:5432',
      '--max-standby-lag',
      '1h',
      '--take-over',
    ],
    'emergencyRemoveWorker',
    { node: 'db3:5432', standby: 'db4:5432', maxStandbyLag: '1h', ifBusy: 'takeOver' },
  ],
  [
    ['replace', 'shop', 'db3:5432', '--with', 'db7:5432', '--method', 'move'],
    'replaceWorker',
    { node: 'db3:5432', with: 'db7:5432', method: 'move' },
  ],
  [['clean', 'shop'], 'cleanUp', {}],
])('%j asks for %s with %j', async (argv, type, wanted) => {
  const { type: called, input } = await askedBy(...argv);
  const { requestedBy, ...rest } = input as { requestedBy?: string };
  expect({ called, ...rest }).toEqual({ called: type, cluster: 'shop', ...wanted });
  expect(requestedBy).toMatch(/@/);
  expect(operationInputs[type].safeParse(input).success).toBe(true);
});

const commands = {
  scaleOut: ['scale-out', 'shop', '--add', '1'],
  rebalance: ['rebalance', 'shop'],
  drainWorker: ['drain', 'shop', 'db3:5432'],
  removeWorker: ['remove', 'shop', 'db3:5432'],
  emergencyRemoveWorker: ['emergency-remove', 'shop', 'db3:5432'],
  salvageWorker: ['salvage', 'shop', 'db3:5432'],
  isolateWorker: ['isolate', 'shop', 'db3:5432'],
  replaceWorker: ['replace', 'shop', 'db3:5432'],
  cleanUp: ['clean', 'shop'],
} satisfies Record<OperationType, string[]>;

test.each(Object.entries(commands))('%s takes the options of every operation', async (type, argv) => {
  const common = [
    ['--dry-run', '--yes', '--wait-if-busy', '--ignore-window', '--detach'],
    ['--transfer-mode', 'block_writes', '--parallel-moves', '8', '--accept-check', 'role', 'leftovers'],
    ['--reason', 'why', '--requested-by', 'me', '--id', 'ticket-1'],
  ];
  const { type: called, input, options } = await askedBy(...argv, ...common.flat());
  expect(called).toBe(type);
  expect(input).toMatchObject({
    cluster: 'shop',
    dryRun: true,
    approval: 'auto',
    ifBusy: 'wait',
    window: 'ignore',
    transferMode: 'block_writes',
    parallelMoves: 8,
    acceptChecks: ['role', 'leftovers'],
    reason: 'why',
    requestedBy: 'me',
  });
  expect(options).toEqual({ id: 'ticket-1' });
});
