import pc from 'picocolors';
import { describe, expect, test, vi } from 'vitest';
import { does, operationTypes, updateNames, type Remedy } from '../../../../src/contract/index.js';
import { operationInputs } from '../../../../src/contract/schema/inputs.js';
import { commandOf, remedyLines } from '../../../../src/cli/render/remedy.js';
import { createProgram } from '../../../../src/cli/program.js';

const about = { operation: 'shop/scaleOut/1', cluster: 'shop' };

/** What a command has asked of the client; it is told that nobody is there, so that it ends. */
const asked = vi.hoisted((): { type: string; input: object }[] => []);
vi.mock('../../../../src/client/index.js', () => {
  const start = (type: string) => (input: object) => {
    asked.push({ type, input });
    return Promise.reject(new Error('asked'));
  };
  const client = {
    needWorker: () => Promise.resolve(),
    close: () => Promise.resolve(),
    ...Object.fromEntries(
      [
        'scaleOut',
        'rebalance',
        'drainWorker',
        'removeWorker',
        'emergencyRemoveWorker',
        'isolateWorker',
        'salvageWorker',
        'replaceWorker',
        'cleanUp',
      ].map((type) => [type, start(type)]),
    ),
  };
  return { ScalerClient: { connect: () => Promise.resolve(client) } };
});

describe('the command of a remedy', () => {
  test.each<[Remedy, string | undefined]>([
    [{ text: 'free some disk space' }, undefined],
    [does('retry', ''), 'retry shop/scaleOut/1'],
    [does('giveUp', ''), 'give-up shop/scaleOut/1 --reason …'],
    [
      does('giveUp', '', { reason: "it's gone" }),
      String.raw`give-up shop/scaleOut/1 --reason 'it'\''s gone'`,
    ],
    [does('pause', '', { now: true }), 'pause shop/scaleOut/1 --now'],
    [does('setParallelMoves', ''), 'parallel-moves shop/scaleOut/1 N'],
    [does('setParallelMoves', '', { n: 2 }), 'parallel-moves shop/scaleOut/1 2'],
    [does('ignoreWindow', ''), 'ignore-window shop/scaleOut/1 --reason …'],
    [does('cancel', ''), 'cancel shop/scaleOut/1'],
    [does('status', '', { operation: 'other' }), 'status other'],
    [does('list', '', { all: true }), 'list --all'],
    [does('worker', ''), 'worker'],
    [does('health', '', { cluster: 'store' }), 'health store'],
    [does('preflight', '', { for: 'drainWorker', nodes: ['a:1'] }), 'preflight shop --for drain --node a:1'],
    [does('nodes', ''), undefined],
    [does('removeWorker', ''), 'remove shop NODE…'],
    [does('removeWorker', '', { nodes: ['db3:5432'] }), 'remove shop db3:5432'],
    [does('drainWorker', '', { nodes: ['a:1', 'b:1'], undo: true }), 'drain shop a:1 b:1 --undo'],
    [does('emergencyRemoveWorker', ''), 'emergency-remove shop NODE'],
    [
      does('emergencyRemoveWorker', '', {
        node: 'db3:5432',
        alsoDead: ['db4:5432'],
        acceptDataLoss: 'lose it all',
      }),
      "emergency-remove shop db3:5432 db4:5432 --accept-data-loss 'lose it all'",
    ],
    [does('isolateWorker', ''), 'isolate shop NODE'],
    [does('salvageWorker', '', { node: 'a:1', tables: ['t'] }), 'salvage shop a:1 --table t'],
    [does('isolateWorker', '', { node: 'db3:5432', undo: true }), 'isolate shop db3:5432 --undo'],
    [does('scaleOut', ''), 'scale-out shop --add N'],
    [does('scaleOut', '', { nodes: ['a:1'], ifBusy: 'wait' }), 'scale-out shop --node a:1 --wait-if-busy'],
  ])('%j', (remedy, command) => expect(commandOf(remedy, about)).toBe(command && `citus-scaler ${command}`));

  test('of an action of a newer worker is none', () => {
    expect(commandOf({ text: 'x', action: 'dance' } as unknown as Remedy, about)).toBeUndefined();
  });

  test('has places where nothing is known', () => {
    expect(commandOf(does('cancel', ''), {})).toBe('citus-scaler cancel OPERATION');
    expect(commandOf(does('rebalance', ''), {})).toBe('citus-scaler rebalance CLUSTER');
  });
});

test('a command that several remedies have stands once, below the last', () => {
  const remedies = [does('retry', 'free some, then retry'), { text: 'ask' }, does('retry', 'or just retry')];
  expect(remedyLines(remedies, about, pc.createColors(false), 80)).toEqual([
    '  → free some, then retry',
    '  → ask',
    '  → or just retry',
    '    $ citus-scaler retry shop/scaleOut/1',
  ]);
});

/** A value of every field of an input that a command takes. */
const given: Record<string, unknown> = {
  cluster: 'shop',
  transferMode: 'block_writes',
  parallelMoves: 8,
  approval: 'auto',
  window: 'ignore',
  dryRun: true,
  ifBusy: 'wait',
  acceptChecks: ['role', 'leftovers'],
  reason: 'the sale, at last',
  requestedBy: 'me',
  nodes: ['db3:5432', 'db4:5432'],
  node: 'db3:5432',
  with: 'db7:5432',
  rebalance: false,
  method: 'move',
  strategy: 'by_shard_count',
  threshold: 0.05,
  drainOnly: true,
  undo: true,
  keepMachine: true,
};

test.each(operationTypes)('what is written of an input of %s asks for the same input', async (type) => {
  asked.length = 0;
  const fields = Object.keys(operationInputs[type].shape).filter((field) => field in given);
  const input = Object.fromEntries(fields.map((field) => [field, given[field]]));
  const command = commandOf(does(type, '', input), {}) ?? '';
  const argv = [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, text, word]) => text ?? word ?? '').slice(1);
  await expect(createProgram({ exitCode: 0 }).parseAsync(argv, { from: 'user' })).rejects.toThrow('asked');
  expect(asked).toEqual([{ type, input }]);
});

test.each(updateNames)('there is a command for %s', async (name) => {
  const { loadCommand } = await import('../../../../src/cli/program.js');
  const [, word] = (commandOf(does(name, ''), about) ?? '').split(' ');
  const found = createProgram({ exitCode: 0 }).commands.find((command) => command.name() === word);
  expect(found).toBeDefined();
  if (found) await loadCommand(found);
});
