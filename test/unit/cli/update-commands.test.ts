import { beforeEach, expect, test, vi } from 'vitest';
import { createProgram } from '../../../src/cli/program.js';
import { argumentProblem, updateNames, updates, type UpdateName } from '../../../src/contract/index.js';

/** What a command has sent to the operation; it is told that nobody is there, so that it ends. */
const sent = vi.hoisted((): { name: string; args: unknown }[] => []);
vi.mock('../../../src/client/index.js', () => {
  const update = (name: string, args: unknown) => {
    sent.push({ name, args });
    return Promise.reject(new Error('sent'));
  };
  const client = { resolve: () => Promise.resolve({ update }), close: () => Promise.resolve() };
  return { ScalerClient: { connect: () => Promise.resolve(client) } };
});
beforeEach(() => {
  sent.length = 0;
});

const run = (...argv: string[]): Promise<unknown> =>
  createProgram({ exitCode: 0 }).parseAsync(argv, { from: 'user' });

test.each<[string[], UpdateName, object]>([
  [['approve', 'shop'], 'approve', {}],
  [['approve', 'shop', '--plan-hash', '3f9c2a'], 'approve', { planHash: '3f9c2a' }],
  [['reject', 'shop', '--reason', 'no'], 'reject', { reason: 'no' }],
  [['pause', 'shop'], 'pause', {}],
  [['pause', 'shop', '--now', '--reason', 'sale'], 'pause', { now: true, reason: 'sale' }],
  [['resume', 'shop'], 'resume', {}],
  [['retry', 'shop'], 'retry', {}],
  [['give-up', 'shop', '--reason', 'gone'], 'giveUp', { reason: 'gone' }],
  [['ignore-window', 'shop', '--reason', 'full'], 'ignoreWindow', { reason: 'full' }],
  [['parallel-moves', 'shop', '8'], 'setParallelMoves', { n: 8 }],
])('%j sends %s with %j', async (argv, name, args) => {
  await expect(run(...argv, '--by', 'ada')).rejects.toThrow('sent');
  expect(sent).toEqual([{ name, args: { by: 'ada', ...args } }]);
  expect(argumentProblem(name, sent[0]?.args)).toBeUndefined();
});

test('who sends it is said of each, by default', async () => {
  for (const name of updateNames) {
    const { command, example } = updates[name];
    const words = [...example.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
    await expect(run(command, ...words)).rejects.toThrow('sent');
  }
  expect(sent.map(({ name }) => name)).toEqual(updateNames);
  for (const { args } of sent) expect(args).toMatchObject({ by: expect.stringMatching(/@/) as string });
});
