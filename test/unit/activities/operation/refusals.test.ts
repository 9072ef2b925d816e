import { describe, expect, test } from 'vitest';
import { invalidInput, clusterNameIn } from '../../../../src/activities/operation/input-problems.js';
import { provisionerOf } from '../../../../src/machines/provisioner-of.js';
import type { ClusterConfig } from '../../../../src/config/index.js';
import { requestActivities } from '../../../../src/activities/operation/check-input.js';
import type { OperationRequest } from '../../../../src/contract/internal/request.js';
import { asActivity } from '../../../support/activity-stage.js';

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

describe('whether a plan waits for a person', () => {
  const requested = (
    floor: ClusterConfig['approval'],
    approval?: 'required' | 'auto',
  ): Promise<OperationRequest> => {
    const cluster = { name: 'shop', movement: {}, ...(floor && { approval: floor }) } as ClusterConfig;
    const input = { cluster: 'shop', nodes: ['db3:5432'], requestedBy: 'ada', ...(approval && { approval }) };
    return asActivity({ clusters: [cluster] }, (context) =>
      requestActivities(context).checkInput({ type: 'drainWorker', input }),
    );
  };

  test.each([
    [undefined, undefined, { approval: 'required' }],
    [undefined, 'required', { approval: 'required', approvesMarks: true }],
    [undefined, 'auto', { approval: 'auto' }],
    ['auto', undefined, { approval: 'auto' }],
    ['auto', 'required', { approval: 'required', approvesMarks: true }],
    ['required', undefined, { approval: 'required', approvesMarks: true }],
  ] as const)('the config says %s, the request %s', async (floor, approval, expected) => {
    const { approval: holds, approvesMarks } = await requested(floor, approval);
    expect({ approval: holds, ...(approvesMarks && { approvesMarks }) }).toEqual(expected);
  });

  test('a request can do without an approval nowhere that the config requires one, and is told where that is said', async () => {
    await expect(requested('required', 'auto')).rejects.toMatchObject({
      type: 'InvalidInput',
      nonRetryable: true,
      message: expect.stringContaining('clusters.shop.approval: required') as unknown,
      details: [
        {
          cluster: 'shop',
          problems: [{ field: 'approval' }],
          remedies: [
            {
              action: 'drainWorker',
              arguments: { cluster: 'shop', nodes: ['db3:5432'], approval: undefined },
            },
            { text: expect.stringContaining('clusters.shop.approval') as unknown },
          ],
        },
      ],
    });
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
