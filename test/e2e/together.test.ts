import { afterAll, beforeAll, expect, test } from 'vitest';
import { fingerprint, setStage, workersOf, type Stage } from '../support/stage.js';
import { drainAndRemoveEverywhere } from '../support/together.js';

let stage: Stage;
beforeAll(async () => {
  stage = await setStage({ others: 3 });
});
afterAll(() => stage.end());

test('operations on several clusters run at once; of two on one cluster one waits, and data moves for one only', async () => {
  const before = await fingerprint(stage.cluster);
  const outcomes = await drainAndRemoveEverywhere(stage);
  expect(outcomes).toHaveLength(4);
  for (const { name, cluster, drained, removed } of outcomes) {
    // Whoever was first: the drain, then; or it was refused because the other held the cluster, or had removed the node.
    expect(drained).toMatch(
      new RegExp(`^(done|ClusterBusy: .*${name}-remove|PreflightRefused: .*is no node)`),
    );
    expect(removed).toBe('done');
    expect(await workersOf(cluster)).toHaveLength(1);
    expect(await fingerprint(cluster)).toEqual(before);
  }
  expect(outcomes.every(({ movements }) => movements <= 1)).toBe(true);
  expect(outcomes.some(({ movements }) => movements === 1)).toBe(true);
});
