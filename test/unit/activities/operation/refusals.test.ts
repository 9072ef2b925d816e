import { expect, test } from 'vitest';
import { invalidInput, namedCluster } from '../../../../src/activities/operation/input-problems.js';
import { provisionerOf } from '../../../../src/machines/provisioner-of.js';
import type { ClusterConfig } from '../../../../src/config/index.js';

test.each([
  [{ cluster: 'shop', colour: 'red' }, 'shop'],
  [{ cluster: 'no name of a cluster' }, undefined],
  [{ cluster: 7 }, undefined],
  ['shop', undefined],
  [undefined, undefined],
])('a refusal of %j names the cluster %s', (input, cluster) => {
  expect(namedCluster(input)).toBe(cluster);
  const { details } = invalidInput(namedCluster(input), ['colour: unknown field']);
  expect((details?.[0] as { cluster?: string }).cluster).toBe(cluster);
});

test('who has nobody that starts machines is told so, with the cluster', () => {
  expect(() => provisionerOf({ name: 'shop' } as ClusterConfig)).toThrow(
    expect.objectContaining({
      type: 'ProvisioningFailed',
      details: [expect.objectContaining({ cluster: 'shop' })],
    }) as Error,
  );
});
