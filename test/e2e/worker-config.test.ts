import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { midMove } from '../support/slow-moves.js';
import { fingerprint, setStage, type Stage } from '../support/stage.js';

let stage: Stage;
beforeAll(async () => {
  stage = await setStage({ start: { workers: 3 } });
});
afterAll(() => stage.end());

test('a deploy whose config lacks the cluster makes its operation wait, and nothing is given up', async () => {
  const before = await fingerprint(stage.cluster);
  const { op, release } = await midMove(stage, 'deployed', { add: 1 });
  const config = readFileSync(stage.configFile, 'utf8');
  writeFileSync(stage.configFile, config.replace(/^( +)demo:/m, '$1dmeo:'));
  await stage.restartWorker();
  const { attention, undo } = await op.until('told', ({ state }) => state === 'needs-attention');
  expect(attention?.problem).toContain('The worker doesn’t know the cluster any more');
  expect(undo).not.toEqual([]);

  writeFileSync(stage.configFile, config);
  await stage.restartWorker();
  await release();
  await op.update('retry', { by: 'test' });
  const report = await op.result();
  expect(report.state).toBe('done');
  expect(report.undo).toBeUndefined();
  expect(report.movedShardGroups).toBe(report.plan?.movesTotal);
  expect(await fingerprint(stage.cluster)).toEqual(before);
});
