import { expect, test } from 'vitest';
import type { OperationHandle } from '../../../src/client/index.js';
import { patientWatch } from '../../../src/cli/follow/patient.js';
import type { OperationStatus } from '../../../src/contract/index.js';
import { done, running } from './statuses.js';

const at = (bytes: number): OperationStatus => ({
  ...running,
  progress: { basis: 'bytes', done: bytes, total: 100, percent: bytes, moving: [], movingTotal: 1 },
});

test('progress does not run backwards when the worker was away and the watch begins anew', async () => {
  const looks = [
    [at(26), Object.assign(new Error('No worker answers.'), { type: 'Unreachable' })],
    [at(9), at(44), done],
  ];
  const handle = {
    watch: function* () {
      for (const seen of looks.shift() ?? []) {
        if (seen instanceof Error) throw seen;
        yield seen;
      }
    },
  };
  const told: (number | undefined)[] = [];
  const away: string[] = [];
  const watch = patientWatch(handle as unknown as OperationHandle, new AbortController().signal, (message) =>
    away.push(message),
  );
  for await (const { state, progress } of watch) if (state === 'running') told.push(progress?.percent);
  expect(told).toEqual([26, 26, 44]);
  expect(away).toHaveLength(1);
});
