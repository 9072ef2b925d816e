import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openCluster } from '../../sandbox/cluster/cluster.js';
import { checksum, loadData } from '../../sandbox/data.js';
import { findFlavour } from '../../sandbox/flavour.js';
import { startLoad } from '../../sandbox/load.js';
import type { ScaleOutInput } from '../../src/contract/index.js';
import { operationInputs } from '../../src/contract/schema/inputs.js';
import { untilItWaits, untilUnlocked } from '../support/undo.js';
import { flavour, setStage, type Operation, type Stage } from '../support/stage.js';

let stage: Stage;

const split = (id: string, input: Partial<ScaleOutInput>): Promise<Operation> =>
  stage.scaleOut(id, { method: 'clone', ifBusy: 'wait', ...input });
const nodes = (): Promise<unknown[]> =>
  stage.cluster.query('select nodeport, isactive, nodeisclone from pg_dist_node order by 1');

test.each([
  [{ add: 2 }, /one worker is added at a time/],
  [{ nodes: ['db3:5432', 'db4:5432'] }, /name one standby/],
  [{ add: 1, rebalance: false }, /always keeps a part/],
  [{ nodes: ['db3:5432'], source: 'db3:5432' }, /names the standby itself/],
])('as input %j is refused', (input, says) => {
  const answer = operationInputs.scaleOut.safeParse({ cluster: 'demo', method: 'clone', ...input });
  expect(answer.error?.message).toMatch(says);
});

describe.runIf(findFlavour(flavour).flavour === 'citus')('by clone', () => {
  beforeAll(async () => {
    stage = await setStage({
      load: async (cluster) => {
        await loadData(cluster, { shards: 8, tenants: 40, events: 100 });
        await cluster.query('create table numbered (key bigint, id bigserial)');
        await cluster.query(`select create_distributed_table('numbered', 'key')`);
      },
    });
  });
  afterAll(() => stage.end());

  test('terminated while it waits for a quiet moment: the clone is no node, and its machine is stopped', async () => {
    const before = await nodes();
    const busy = new pg.Client(stage.cluster.coordinator.login);
    busy.on('error', () => undefined);
    await busy.connect();
    await busy.query(`begin; update events set payload = payload`);
    const op = await split('terminated', { add: 1 });
    await untilItWaits(stage.cluster, 'IN ACCESS EXCLUSIVE MODE');
    expect(await nodes()).not.toEqual(before);
    expect((await op.status()).undo?.map(({ kind }) => kind)).toEqual(['machine', 'hold']);
    await op.terminate();
    await untilUnlocked(stage, 60);
    await busy.end();
    expect(await nodes()).toEqual(before);
    const machines = openCluster(stage.cluster.folder).workers.filter(
      ({ port }) => !stage.cluster.workers.some((each) => each.port === port),
    );
    expect(await Promise.all(machines.map((each) => each.query('select 1').catch(() => 'away')))).toEqual([
      'away',
    ]);
  });

  test('under load a standby becomes a worker with a part of the shards; its sequences are its own', async () => {
    const before = await checksum(stage.cluster);
    const dry = await (await split('dry', { to: 3, dryRun: true })).result();
    const [source = ''] = dry.plan?.moves.map(({ from }) => from) ?? [];
    expect(dry.plan).toMatchObject({
      newWorkers: ['new worker 1'],
      removedWorkers: [],
      replacement: { node: source, clone: 'new worker 1', splits: true },
    });
    const load = startLoad(stage.cluster.coordinator, { clients: 2, transactionsPerSecond: 30, tenants: 40 });
    const report = await (await split('clone', { add: 1, source })).result();
    const { failed, messages, inserted } = await load.stop();
    expect({ failed, messages }).toEqual({ failed: 0, messages: {} });
    expect(report).toMatchObject({ state: 'done', movedShardGroups: 0 });
    expect(report.steps.map(({ state }) => state)).toEqual(report.steps.map(() => 'done'));
    const [clone = ''] = report.plan?.newWorkers ?? [];
    const worker = report.after?.workers.find(({ node }) => node === clone);
    expect(worker).toMatchObject({ shouldHaveShards: true });
    expect(worker?.shards).toBeGreaterThan(0);
    const after = await checksum(stage.cluster);
    expect(after.orders.rows).toBe(before.orders.rows + inserted);
    expect({ ...after, orders: 0, tenants: 0 }).toEqual({ ...before, orders: 0, tenants: 0 });

    const ranges = await stage.cluster.query<{ range: string }>(
      `select result as range from run_command_on_workers('select seqmin >> 48 from pg_sequence where seqrelid = ''numbered_id_seq''::regclass')`,
    );
    expect(new Set(ranges.map(({ range }) => range)).size).toBe(3);
    const twice = await (await split('again', { nodes: [clone] })).result();
    expect(twice.notes.join()).toContain('nothing to do');
  });
});
