import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { defaultPayloadConverter } from '@temporalio/client';
import { slowMoves } from '../support/slow-moves.js';
import { setStage, smallData, type Operation, type Stage } from '../support/stage.js';

let stage: Stage;
beforeAll(async () => {
  stage = await setStage({
    wishes: {
      parallelMoves: 2,
      governor: { maxStatementSeconds: 1, maxMeanStatementMs: 5_000, every: '1s' },
    },
    load: async (cluster) => {
      await smallData(cluster);
      await cluster.query('create table many (id bigint primary key)');
      await cluster.query(
        `select create_distributed_table('many', 'id', shard_count => 48, colocate_with => 'none')`,
      );
    },
  });
});
afterAll(() => stage.end());

/** The stand-in's moves last long enough to be seen, and its helpers not so long that they count as load. */
async function lastingMoves(): Promise<void> {
  if (stage.cluster.flavour === 'stand-in') await slowMoves(stage.cluster, 1);
}

/** A statement of somebody's on the coordinator, until it is ended. */
async function statementRuns(): Promise<() => Promise<void>> {
  const { login } = stage.cluster.coordinator;
  const client = new pg.Client({ ...login, application_name: 'shop' });
  client.on('error', () => undefined);
  await client.connect();
  client.query('select pg_sleep(300)').catch(() => undefined);
  return async () => {
    await stage.cluster.query(
      `select pg_cancel_backend(pid) from pg_stat_activity where application_name = 'shop' and state = 'active'`,
    );
    await client.end();
  };
}

const historyOf = async ({ id }: Operation) =>
  (await stage.client.workflow.getHandle(id).fetchHistory()).events ?? [];

test('moves begin one by one; while a statement takes too long fewer run, then none; they go on when it is over', async () => {
  await lastingMoves();
  const op = await stage.scaleOut('governed', { add: 1, approval: 'required' });
  await op.until('awaiting approval', ({ state }) => state === 'awaiting-approval');
  await op.update('approve', { by: 'test' });
  const begun = await op.until('watched', ({ governor }) => governor !== undefined);
  expect(begun.governor).toMatchObject({ parallelMoves: 1, ceiling: 2 });
  expect(begun.progress?.waitingFor).toBe('the load: it begins with one and goes up while the load is low');
  await op.until('moving two at once', ({ progress }) => progress?.movingTotal === 2);
  const end = await statementRuns();
  const held = await op.until('held', ({ governor }) => governor?.parallelMoves === 0, 40);
  expect(held.governor?.changes.map(({ parallelMoves }) => parallelMoves)).toEqual([2, 1, 0]);
  expect(held.governor?.reason).toMatch(
    /^the longest statement \(.* s\) is over maxStatementSeconds \(1 s\)$/,
  );
  expect(held.progress?.waitingFor).toMatch(/^the load: the longest statement/);
  await op.until('idle', ({ progress }) => progress?.movingTotal === 0, 30);
  expect((await op.status()).state).toBe('running');
  const told = (await historyOf(op)).length;
  await new Promise((resolve) => setTimeout(resolve, 4_000));
  expect(await historyOf(op)).toHaveLength(told);
  await end();
  const report = await op.result();
  expect(report.state).toBe('done');
  expect(report.governor?.changes.map(({ parallelMoves }) => parallelMoves).slice(0, 4)).toEqual([
    2, 1, 0, 1,
  ]);
  expect(report.notes.filter((note) => note.includes('maxMeanStatementMs'))).toEqual([
    'movement.governor.maxMeanStatementMs is not used: the coordinator’s database has no extension pg_stat_statements',
  ]);
});

test('a lowered number takes effect within a batch, and a paused operation writes no history', async () => {
  await lastingMoves();
  const op = await stage.scaleOut('lowered', { add: 1 });
  await op.until('moving', ({ progress }) => progress?.movingTotal === 2);
  await op.update('setParallelMoves', { by: 'test', n: 1 });
  await op.until('moving less', ({ progress }) => progress?.movingTotal === 1, 20);
  const handedBack = (await historyOf(op)).filter(({ activityTaskCompletedEventAttributes: done }) => {
    const [payload] = done?.result?.payloads ?? [];
    const result: unknown = payload && defaultPayloadConverter.fromPayload(payload);
    return (
      typeof result === 'object' &&
      result !== null &&
      'left' in result &&
      Array.isArray(result.left) &&
      result.left.length > 0
    );
  });
  expect(handedBack).toHaveLength(1);

  await op.update('pause', { by: 'test' });
  await op.until('paused', ({ progress }) => progress?.movingTotal === 0, 20);
  // The cancel of the activity that watches the load still comes in.
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  const told = (await historyOf(op)).length;
  await new Promise((resolve) => setTimeout(resolve, 5_000));
  expect(await historyOf(op)).toHaveLength(told);
  expect(await op.status()).toMatchObject({ paused: { by: 'test' }, progress: { waitingFor: '`resume`' } });
  await op.update('setParallelMoves', { by: 'test', n: 8 });
  await op.update('resume', { by: 'test' });
  expect((await op.result()).state).toBe('done');
});
