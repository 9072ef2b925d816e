import { expect, test } from 'vitest';
import { clusterOfId, operationId } from '../../../src/client/start/ids.js';
import { checkInput, sameInput } from '../../../src/client/start/input.js';
import { summaryOf } from '../../../src/client/start/summary.js';
import type { ScaleOutInput } from '../../../src/contract/index.js';

test('all problems of an input are named at once, with the field', () => {
  const wrong = { cluster: 'shop', add: 0, transferMode: 'fast', colour: 'red' } as unknown as ScaleOutInput;
  expect(() => checkInput('scaleOut', wrong)).toThrow(
    expect.objectContaining({
      type: 'InvalidInput',
      message: expect.stringMatching(/transferMode: .*force_logical.*colour: unknown field/s) as string,
      details: expect.objectContaining({ cluster: 'shop' }) as object,
    }) as Error,
  );
});

test.each<[object, string]>([
  [{ add: 0 }, 'add: must be at least 1'],
  [{ add: 1.5 }, 'add: must be a whole number'],
  [{ nodes: ['foo'] }, 'nodes.0: must be host:port, for example "db3:5432" or "[fd00::3]:5432"'],
  [{ nodes: [] }, 'nodes: must name at least one'],
  [{ add: 1, reason: '' }, 'reason: must not be empty'],
])('what a field may be is said once, in plain words: %j', (given, problem) => {
  expect(() => checkInput('scaleOut', { cluster: 'shop', ...given })).toThrow(
    `The input of scaleOut is not valid: ${problem}.`,
  );
});

test('fields without a value are no fields, and hosts are lower case', () => {
  const given = { cluster: 'shop', nodes: ['DB3:5432'], reason: undefined } as unknown as ScaleOutInput;
  expect(checkInput('scaleOut', given)).toEqual({ cluster: 'shop', nodes: ['db3:5432'] });
});

test.each([
  [{ add: 1, cluster: 'shop' }, true],
  [{ cluster: 'shop', add: 2 }, false],
  [{ cluster: 'shop', add: 1, reason: 'x' }, false],
  [null, false],
])('%j asks for the same: %s', (other, same) => {
  expect(sameInput('scaleOut', { cluster: 'shop', add: 1 }, other)).toBe(same);
});

test('an id says what it is of', () => {
  const id = operationId('shop', 'scaleOut', new Date('2026-11-24T01:44:59.123Z'));
  expect(id).toMatch(/^shop\/scaleOut\/20261124T014459Z-[0-9a-f]{4}$/);
  expect(clusterOfId(id)).toBe('shop');
  expect(clusterOfId('my-own')).toBeUndefined();
});

test('a summary is one line of at most 200 bytes', () => {
  expect(summaryOf('scaleOut', { cluster: 'shop', add: 1 })).toBe('Scale out shop by 1 worker');
  const nodes = Array.from({ length: 50 }, (_, index) => `db${index}:5432`);
  expect(Buffer.byteLength(summaryOf('scaleOut', { cluster: 'shop', nodes }))).toBeLessThanOrEqual(200);
});
