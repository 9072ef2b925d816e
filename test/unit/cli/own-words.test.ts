import { describe, expect, test } from 'vitest';
import { typeNamed } from '../../../src/cli/command-names.js';
import { ownWords } from '../../../src/cli/own-words.js';
import { checkedInput, checkedInspect } from '../../../src/client/input.js';
import { operationInputs } from '../../../src/contract/schema/inputs.js';
import { acceptableChecks, type InspectInput } from '../../../src/contract/index.js';

function refusal(check: () => unknown): string {
  try {
    check();
  } catch (error) {
    return ownWords(error instanceof Error ? error.message : String(error));
  }
  return '';
}

describe('a refusal speaks of options and commands', () => {
  test.each<[object, string]>([
    [{}, '--to: exactly one of --to, --add and --node is needed; none was given.'],
    [{ to: 3, add: 1 }, '--to: exactly one of --to, --add and --node is needed; --to and --add were given.'],
    [
      { add: 1, nodes: ['db3:5432'] },
      '--add: exactly one of --to, --add and --node is needed; --add and --node were given.',
    ],
    [
      { to: 3, add: 1, nodes: ['db3:5432'] },
      '--to: exactly one of --to, --add and --node is needed; --to and --add and --node were given.',
    ],
    [{ add: 0 }, '--add: must be at least 1.'],
    [{ add: 1, parallelMoves: 65 }, '--parallel-moves: must be at most 64.'],
    [{ add: 1, transferMode: 'fast' }, '--transfer-mode: must be one of auto, force_logical, block_writes.'],
    [{ add: 1, window: 'ignore' }, '--reason: required with --ignore-window.'],
    [{ add: 1, acceptChecks: ['role'] }, '--reason: required with --accept-check.'],
    [
      { add: 1, acceptChecks: ['foreign-job', 'foo'], reason: 'x' },
      `--accept-check: foreign-job can't be accepted, there is no check foo; it may name: ${acceptableChecks.join(', ')}.`,
    ],
    [{ nodes: ['foo'] }, 'node: must be host:port, for example "db3:5432" or "[fd00::3]:5432".'],
  ])('%j', (input, said) => {
    expect(refusal(() => checkedInput('scaleOut', { cluster: 'shop', ...input }))).toBe(
      `The input of scale-out is not valid: ${said}`,
    );
  });

  test('of a preflight', () => {
    const input = { what: 'preflight', cluster: 'shop', for: 'bogus' } as unknown as InspectInput;
    expect(refusal(() => checkedInspect(input))).toBe(
      'The input is not valid: --for: must be one of scale-out, rebalance, drain, remove, clean.',
    );
  });

  test.each([
    [
      'to: 2 is below the present number of workers, 3; removeWorker takes workers out',
      '--to: 2 is below the present number of workers, 3; remove takes workers out',
    ],
    ['use removeWorker', 'use remove'],
    ['start again with ifBusy: "wait"', 'start again with --wait-if-busy'],
    [
      'add a worker first (scaleOut), or put one that is marked back in service (drainWorker with undo)',
      'add a worker first (scale-out), or put one that is marked back in service (drain with --undo)',
    ],
    [
      'accept with acceptChecks: ["target-disk"] and a reason',
      'accept with --accept-check target-disk and a reason',
    ],
    [
      "The input isn't right: acceptChecks: there is no check foo",
      "The input isn't right: --accept-check: there is no check foo",
    ],
    ['raise max_wal_senders, or lower parallelMoves', 'raise max_wal_senders, or lower --parallel-moves'],
    ['ignoreWindow, with a reason: it moves at once', 'ignore-window, with a reason: it moves at once'],
    ['giveUp makes no sense now: shop is done', 'give-up makes no sense now: shop is done'],
  ])('%s', (theirs, ours) => expect(ownWords(theirs)).toBe(ours));
});

test.each([
  'shop/removeWorker/20261124T015800Z-6a08 has ended',
  'movement.parallelMoves in the config',
  'add disk space on the node named, then retry',
  'nodes that are marked go back to service',
])('what is no name of an input stays: %s', (text) => expect(ownWords(text)).toBe(text));

test('an operation is named by its command or by its type', () => {
  for (const name of ['drain', 'drain-worker', 'drainWorker']) expect(typeNamed(name)).toBe('drainWorker');
  expect(typeNamed('bogus')).toBeUndefined();
});

test('no field of an input reaches a person as it is written in an API', () => {
  const fields = Object.values(operationInputs).flatMap(({ shape }) => Object.keys(shape));
  const written = fields.filter((field) => /[A-Z]/.test(field) && field !== 'ifBusy');
  for (const field of written) expect(ownWords(`lower ${field}`)).not.toContain(field);
});
