import { beforeAll, expect, test } from 'vitest';
import { runMatrix, type Result } from '../crash/matrix.js';
import { procedures } from '../crash/procedures/index.js';
import { presentBuild } from '../support/build.js';

/** A sample of `npm run test:crash`, whose lines begin with these. */
const sample = [
  'scale-out/startMachine#1/sent',
  'scale-out/registerNodes#1/sent',
  'scale-out/moveShardGroups#2/twice',
  'scale-out/Check-the-cluster/deploy',
  'scale-out/Move-shards/deploy',
  'scale-out/Move-shards/new-worker-killed-and-revived',
  'scale-out/Move-shards/temporal-restarted',
  'scale-out-terminated-at-registration-answered/undo#1/twice',
  'drain-cancelled-at-node-mark-answered/undo#1/before',
  'clean-up/removeLeftovers#1/sent',
  'clean-up/removeLeftovers#1/after',
];

let results: Result[];
beforeAll(async () => {
  results = await runMatrix({
    seed: 11,
    lanes: 2,
    build: presentBuild() ?? '',
    procedures: procedures.filter(({ name }) => sample.some((line) => line.startsWith(`${name}/`))),
    wanted: (id) => sample.some((line) => id.startsWith(line)),
  });
}, 600_000);

test.each(sample)('whatever happens at %s, the operation ends as if nothing had happened', (line) => {
  const found = results.filter(({ id }) => id.startsWith(line));
  expect(found.length).toBeGreaterThan(0);
  expect(found.flatMap(({ problems }) => problems)).toEqual([]);
});
