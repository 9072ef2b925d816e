import { afterEach, beforeEach, expect, test } from 'vitest';
import { midMove, midMoveOf, movesAtServer } from '../support/slow-moves.js';
import { fingerprint, marksOf, retryIntervals, setStage, type Stage } from '../support/stage.js';
import { ruleUntil, useWindows } from '../support/windows.js';

let stage: Stage;
let before: Record<string, string>;
type Moving = Awaited<ReturnType<typeof midMoveOf>>;
beforeEach(async () => {
  stage = await setStage({ wishes: { parallelMoves: 2 } });
  before = await fingerprint(stage.cluster);
});
afterEach(() => stage.end());

/**
 * An operation that moves, in a window that closes soon. On a busy machine the window may close before anything moves: then
 * another is begun in a longer one.
 */
async function midMoveBeforeEnd(
  { grace }: { grace: string },
  begin: (id: string) => Promise<Moving>,
): Promise<Moving & { end: number }> {
  for (let seconds = 30; ; seconds *= 2) {
    const { rule, end } = ruleUntil(seconds);
    await useWindows(stage, { allow: [rule], grace });
    const inTime = (): boolean => Date.now() < end - 3_000;
    const moving = await begin(`in ${seconds} s`).catch((error: unknown) => {
      if (inTime() || seconds > 100) throw error;
    });
    if (moving && inTime()) return { ...moving, end };
    await moving?.op.cancel();
    await moving?.release();
  }
}

test('a move that runs when its window closes is stopped after the grace, and begins anew when the window is ignored', async () => {
  const node = stage.cluster.workers[1]?.address ?? '';
  const { op, release, end } = await midMoveBeforeEnd({ grace: '2s' }, (id) =>
    midMoveOf(
      stage,
      () => stage.start('drainWorker', id, { nodes: [node], approval: 'required', ifBusy: 'wait' }),
      60,
    ),
  );
  expect(await retryIntervals(stage.cluster)).toContain('100ms');
  // Somebody else's job is no reason to go on moving outside the window, nor to fail.
  const [theirs] = await stage.cluster.query<{ job: string }>(
    'select citus_rebalance_start(drain_only := true)::text as job',
  );
  try {
    await op.until('waiting', ({ state }) => state === 'waiting-for-window', 90);
    expect(Date.now()).toBeGreaterThanOrEqual(end - 500);
    await expect.poll(() => movesAtServer(stage.cluster), { timeout: 5_000 }).toEqual([]);
    const { progress, window } = await op.status();
    expect(progress?.waitingFor).toContain('the maintenance window, which opens');
    expect(window?.open).toBe(false);
    expect(await retryIntervals(stage.cluster)).toEqual(['5s']);
    expect((await marksOf(stage.cluster))[node]).toBe(false);
    await stage.cluster.query('select citus_job_cancel($1)', [theirs?.job]);
    await stage.cluster.query(`select citus_job_wait($1, 'cancelled')`, [theirs?.job]);
    await op.update('ignoreWindow', { by: 'test', reason: 'enough' });
    await op.until('moving again', ({ progress }) => (progress?.movingTotal ?? 0) > 0);
    expect(await retryIntervals(stage.cluster)).toContain('100ms');
  } finally {
    await release();
  }
  const report = await op.result();
  expect(report.notes.join()).toMatch(/moves? stopped when a maintenance window closed/);
  expect(await fingerprint(stage.cluster)).toEqual(before);
});

test('a move goes on when somebody ignores the window before it closes', async () => {
  const { op, release, end } = await midMoveBeforeEnd({ grace: '1s' }, (id) =>
    midMove(stage, id, { add: 1, ifBusy: 'wait' }, 100),
  );
  const running = await movesAtServer(stage.cluster);
  await op.update('ignoreWindow', { by: 'test', reason: 'nearly done' });
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, end + 4_000 - Date.now())));
  expect(await movesAtServer(stage.cluster)).toEqual(running);
  await release();
  if (stage.cluster.flavour === 'stand-in') await op.cancel();
  else expect((await op.result()).state).toBe('done');
});
