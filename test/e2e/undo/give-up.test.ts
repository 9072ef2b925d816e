import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { movesAtServer } from '../../support/slow-moves.js';
import { fingerprint, setStage, type Operation, type Stage } from '../../support/stage.js';
import { midDrain, oursAtServer, registering } from '../../support/undo.js';
import { impatient } from '../../support/worker-process.js';

/** Whoever gives up doesn't wait: what may still run is named, and the next operation ends it. */
let stage: Stage;
let rows: Record<string, string>;
beforeEach(async () => {
  stage = await setStage({ start: { workers: 3 }, worker: impatient });
  rows = await fingerprint(stage.cluster);
});
afterEach(() => stage.end());

/** Gives up; returns the notes of the report. */
async function givenUp(op: Operation): Promise<string[]> {
  const began = Date.now();
  await op.update('giveUp', { by: 'test', reason: 'enough' });
  await expect(op.result()).rejects.toThrow();
  expect(Date.now() - began).toBeLessThan(30_000);
  return ((await op.status()) as unknown as { notes: string[] }).notes;
}

test('given up while a worker is being registered, the report names that, and the next operation ends it', async () => {
  const { op, holder } = await registering(stage, 'registering');
  await op.cancel();
  await op.until('in need of attention', ({ state }) => state === 'needs-attention', 45);
  const notes = await givenUp(op);
  const left = await oursAtServer(stage.cluster);
  expect(left.join()).toContain('citus_add_node');
  expect(notes.join('\n')).toMatch(/may still .*regist/i);
  const next = await stage.start('rebalance', 'next', { approval: 'required' });
  // It may end the statement, or wait for it, but goes on when it is over, and only then.
  const still = async (): Promise<string[]> =>
    (await oursAtServer(stage.cluster)).filter((line) => left.includes(line));
  await sleep(4_000);
  if ((await next.status()).plan) expect(await still(), 'planned beside what still runs').toEqual([]);
  await holder.release();
  await next.until('planned', ({ state }) => state === 'awaiting-approval' || state === 'done', 120);
  expect(await still()).toEqual([]);
});

test('given up while the coordinator hangs, the report names the moves, and the next operation ends them', async () => {
  const { op, release } = await midDrain(stage, 'moving', 120);
  const moves = await movesAtServer(stage.cluster);
  stage.cluster.coordinator.freeze();
  try {
    await op.until('in need of attention', ({ state }) => state === 'needs-attention', 90);
    expect.soft((await givenUp(op)).join('\n')).toMatch(/may still .*mov/i);
  } finally {
    stage.cluster.coordinator.thaw();
  }
  const next = await stage.start('rebalance', 'next', { approval: 'required' });
  await next.until('planned', ({ state }) => state === 'awaiting-approval' || state === 'done', 120);
  expect.soft((await movesAtServer(stage.cluster)).filter((pid) => moves.includes(pid))).toEqual([]);
  await release();
  expect(await fingerprint(stage.cluster)).toEqual(rows);
});
