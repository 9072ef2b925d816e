import { expect, test } from 'vitest';
import { invalidInput, clusterNameIn } from '../../../../src/activities/operation/input-problems.js';
import { provisionerOf } from '../../../../src/machines/provisioner-of.js';
import type { ClusterConfig } from '../../../../src/config/index.js';

test.each([
  [{ cluster: 'shop', colour: 'red' }, 'shop'],
  [{ cluster: 'no name of a cluster' }, undefined],
  [{ cluster: 7 }, undefined],
  ['shop', undefined],
  [undefined, undefined],
])('a refusal of %j names the cluster %s', (input, cluster) => {
  expect(clusterNameIn(input)).toBe(cluster);
  const { details } = invalidInput(clusterNameIn(input), [{ field: 'colour', text: 'unknown field' }]);
  expect(details?.[0]).toEqual({
    ...(cluster !== undefined && { cluster }),
    evidence: ['colour: unknown field'],
    remedies: [{ text: 'correct the input and start again' }],
    problems: [{ field: 'colour', text: 'unknown field' }],
  });
});

test('who has nobody that starts machines is told so, with the cluster', () => {
  expect(() => provisionerOf({ name: 'shop' } as ClusterConfig)).toThrow(
    expect.objectContaining({
      type: 'ProvisioningFailed',
      details: [expect.objectContaining({ cluster: 'shop' })],
    }) as Error,
  );
});
