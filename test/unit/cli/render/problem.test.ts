import pc from 'picocolors';
import { describe, expect, test } from 'vitest';
import { checkInput, checkInspectInput } from '../../../../src/client/start/input.js';
import { UpdateRejectedError } from '../../../../src/client/errors.js';
import { problemOf } from '../../../../src/cli/problem.js';
import { renderProblem } from '../../../../src/cli/render/problem.js';
import type { InspectInput } from '../../../../src/contract/index.js';

const plain = pc.createColors(false);
const rendered = (error: unknown): string => renderProblem(problemOf(error), plain, 200);

function refusal(check: () => unknown): unknown {
  try {
    return check();
  } catch (error) {
    return error;
  }
}

test('a problem is a sentence, evidence that adds to it, and remedies', () => {
  const text = renderProblem(
    {
      message: 'shop is not ready: disk is full',
      details: {
        cluster: 'shop',
        evidence: ['disk is full', '3 MB free on db1:5432'],
        remedies: [{ text: 'free some' }, { text: 'look again', action: 'health' }],
      },
    },
    plain,
    80,
  );
  expect(text).toBe(
    '✗ shop is not ready: disk is full\n  3 MB free on db1:5432\n  → free some\n  → look again\n    $ citus-scaler health shop',
  );
});

describe('what is wrong with an input is said of options', () => {
  test.each<[object, string]>([
    [{}, '--to, --add, --node: exactly one of them is needed; none was given'],
    [{ to: 3, add: 1 }, '--to, --add: exactly one of them is needed; these were given'],
    [{ add: 1, nodes: ['db3:5432'] }, '--add, --node: exactly one of them is needed; these were given'],
    [{ add: 0 }, '--add: must be at least 1'],
    [{ add: 1, parallelMoves: 65 }, '--parallel-moves: must be at most 64'],
    [{ add: 1, transferMode: 'fast' }, '--transfer-mode: must be one of auto, force_logical, block_writes'],
    [{ add: 1, window: 'ignore' }, '--reason: required to ignore the maintenance windows'],
    [{ add: 1, acceptChecks: ['role'] }, '--reason: required to accept checks'],
    [{ nodes: ['foo'] }, '--node: must be host:port, for example "db3:5432" or "[fd00::3]:5432"'],
  ])('%j', (input, said) => {
    const error = refusal(() => checkInput('scaleOut', { cluster: 'shop', ...input }));
    expect(rendered(error)).toBe(`✗ ${said}\n  → correct what is named and start again; nothing was started`);
  });

  test('each in a line, when there are several', () => {
    const error = refusal(() => checkInput('scaleOut', { cluster: 'shop', add: 0, parallelMoves: 0 }));
    expect(rendered(error)).toMatch(
      /^✗ The input is not valid\.\n {2}--parallel-moves: must.*\n {2}--add: must be at least 1\n {2}→/,
    );
  });

  test('of a look', () => {
    const input = { what: 'health', cluster: 'no cluster' } as unknown as InspectInput;
    expect(rendered(refusal(() => checkInspectInput(input)))).toMatch(/^✗ CLUSTER: must be the name/);
  });

  test('of an update', () => {
    const text = 'must be a whole number from 1 to 64';
    const error = new UpdateRejectedError('InvalidInput', 'shop/1', `n: ${text}`, {
      problems: [{ field: 'n', text }],
    });
    expect(rendered(error)).toBe(`✗ N: ${text}`);
  });
});

test('a program reads fields, never options', () => {
  const { message, details } = problemOf(
    refusal(() => checkInput('scaleOut', { cluster: 'shop', to: 3, add: 1 })),
  );
  expect(message).toBe(
    'The input of scaleOut is not valid: to, add: exactly one of them is needed; these were given.',
  );
  expect(JSON.parse(JSON.stringify(details))).toEqual({
    cluster: 'shop',
    evidence: ['to, add: exactly one of them is needed; these were given'],
    remedies: [{ text: 'correct what is named and start again; nothing was started' }],
    problems: [{ field: 'to', with: ['add'], text: 'exactly one of them is needed; these were given' }],
  });
});
