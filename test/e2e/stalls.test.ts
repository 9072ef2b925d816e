import { afterAll, beforeAll, expect, test } from 'vitest';
import { findFlavour, withClient } from '../../sandbox/index.js';
import { ScalerClient } from '../../src/client/index.js';
import type { OperationStatus } from '../../src/contract/index.js';
import { midMove, movesAtServer } from '../support/slow-moves.js';
import { fingerprint, flavour, setStage, type Operation, type Stage } from '../support/stage.js';
import { impatient } from '../support/worker-process.js';

/** Tells of a stall after six seconds, not after a minute. */

let stage: Stage;
let before: Record<string, string>;
beforeAll(async () => {
  stage = await setStage({ wishes: { parallelMoves: 1 }, worker: impatient });
  before = await fingerprint(stage.cluster);
});
afterAll(() => stage.end());

/** With what the running activities say, as a client sees it. */
const live = (id: string): Promise<OperationStatus> => ScalerClient.from(stage.client).operation(id).status();

const messageOf = async (id: string): Promise<string | undefined> =>
  (await live(id)).progress?.moving.find(({ message }) => message !== undefined)?.message;

test('retry begins a move anew that waits, and one that someone has cancelled, which stops the operation', async () => {
  const { op, release } = await midMove(stage, 'cancelled-by-someone', { add: 1 }, 4);
  // The stand-in's moves are over before anybody is told of them.
  if (findFlavour(flavour).flavour === 'citus') await retryRunning(op);
  const [pid] = await movesAtServer(stage.cluster);
  await stage.cluster.query('select pg_cancel_backend($1::int)', [pid]);
  const parked = await op.until('parked', ({ attention }) => attention !== undefined);
  expect(parked.attention?.problem).toMatch(/move of shard \d+ from .* was cancelled by someone else/);
  expect(await movesAtServer(stage.cluster)).toEqual([]);
  await release();
  await op.update('retry', { by: 'test' });
  const report = await op.result();
  expect(report.state).toBe('done');
  expect(report.notes).toContain('retried by test');
  expect(await fingerprint(stage.cluster)).toEqual(before);
});

/** A move that asks for attention while it runs is stopped at the server by `retry`, and begun anew: one at a time. */
async function retryRunning(op: Operation): Promise<void> {
  const [first] = await movesAtServer(stage.cluster);
  const told = await op.until('in need of attention', ({ attention }) => attention !== undefined);
  expect(told.steps.find(({ state }) => state === 'running')?.name).toBe('Move shards');
  await op.update('retry', { by: 'test' });
  await expect
    .poll(
      async () => {
        const pids = await movesAtServer(stage.cluster);
        expect(pids.length).toBeLessThanOrEqual(1);
        return pids.some((pid) => pid !== first);
      },
      { timeout: 30_000 },
    )
    .toBe(true);
  expect((await op.status()).attention).toBeUndefined();
}

test('a frozen worker is named while its move waits; when it is back nothing needs attention, and all is moved', async () => {
  const node = await stage.cluster.addNode();
  const { op, release } = await midMove(stage, 'frozen', { nodes: [node.address] }, 20);
  node.freeze();
  try {
    await expect.poll(() => messageOf(op.id), { timeout: 60_000 }).toContain(`${node.address}, the target,`);
    const { attention } = await op.until('in need of attention', (status) => status.attention !== undefined);
    expect(attention?.problem).toContain(node.address);
  } finally {
    node.thaw();
    await release();
  }
  await op.until('well again', ({ attention }) => attention === undefined);
  expect((await op.result()).state).toBe('done');
  expect(await fingerprint(stage.cluster)).toEqual(before);
});

test.skipIf(findFlavour(flavour).flavour !== 'citus')(
  'a copy of reference tables that waits for a transaction says so (real Citus)',
  async () => {
    // Citus copies from the first node by name and port.
    const [source] = await stage.cluster.query<{ address: string; port: number }>(
      `select nodename || ':' || nodeport as address, nodeport as port from pg_dist_node order by nodename, nodeport limit 1`,
    );
    const { address = '', port = 0 } = source ?? {};
    await withClient({ ...stage.cluster.coordinator.login, port, database: 'postgres' }, async (client) => {
      await client.query('create table if not exists notes (i int)');
      await client.query('begin');
      await client.query('insert into notes values (1)');
      const op = await stage.scaleOut('reference', { add: 1 });
      await expect.poll(() => messageOf(op.id), { timeout: 60_000 }).toContain(`on ${address}, open since`);
      const told = await op.until('in need of attention', ({ attention }) => attention !== undefined);
      expect(told.steps.find(({ state }) => state === 'running')?.name).toBe('Copy reference tables');
      expect((await live(op.id)).progress?.moving[0]?.from).toBe(address);
      await client.query('rollback');
      expect((await op.result()).state).toBe('done');
    });
  },
);
