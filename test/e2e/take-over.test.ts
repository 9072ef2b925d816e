import { afterAll, beforeAll, expect, test } from 'vitest';
import type { SandboxNode } from '../../sandbox/index.js';
import { midMoveOf } from '../support/slow-moves.js';
import { setStage, smallData, type Operation, type Stage } from '../support/stage.js';
import { impatient } from '../support/worker-process.js';

let stage: Stage;
/** What is drained while another worker dies, and two that hold nothing. */
let drained: SandboxNode, first: SandboxNode, second: SandboxNode;
beforeAll(async () => {
  stage = await setStage({
    start: { workers: 2 },
    worker: impatient,
    load: async (cluster) => {
      await smallData(cluster);
      for (const node of [await cluster.addNode(), await cluster.addNode()])
        await cluster.query('select citus_add_node($1, $2)', [node.host, node.port]);
    },
  });
  const [, one, two, three] = stage.cluster.workers;
  if (!one || !two || !three) throw new Error('no workers');
  [drained, first, second] = [one, two, three];
});
afterAll(() => stage.end());

const takeOut = (id: string, node: SandboxNode): Promise<Operation> =>
  stage.start('emergencyRemoveWorker', id, {
    node: node.address,
    deadFor: '1s',
    ifBusy: 'takeOver',
    acceptChecks: ['other-workers-answer'],
    reason: 'a test',
  });

const failureOf = async (op: Operation): Promise<{ type?: string; message?: string }> =>
  op.result().then(
    () => ({}),
    (error: unknown) => (error as { cause: { type: string; message: string } }).cause,
  );

test('an operation that waits for something else is not given up, one that is stuck at the dead worker is', async () => {
  const drain = await stage.start('drainWorker', 'stuck', {
    nodes: [drained.address],
    approval: 'required',
  });
  await drain.until('asking', ({ state }) => state === 'awaiting-approval');
  expect(await failureOf(await takeOut('alive', first))).toMatchObject({
    type: 'ClusterBusy',
    message: expect.stringContaining(`${first.address} is not dead`) as string,
  });
  await first.kill();
  expect(await failureOf(await takeOut('asking', first))).toMatchObject({
    type: 'ClusterBusy',
    message: expect.stringContaining('it was not given up: it is not stuck at') as string,
  });
  // Its mark has to be told to every node.
  await drain.update('approve', { by: 'test' });
  await drain.until('stuck', ({ attention }) => attention !== undefined);

  const operators = await Promise.all([takeOut('one', first), takeOut('other', first)]);
  const ends = await Promise.all(operators.map(failureOf));
  expect(ends.filter(({ type }) => type === undefined)).toHaveLength(1);
  expect(ends.find(({ type }) => type !== undefined)?.type).toBe('ClusterBusy');
  expect(await failureOf(drain)).toMatchObject({
    type: 'GivenUp',
    message: expect.stringMatching(/(one|other) gave up: .* is dead, and is taken out/) as string,
  });
  expect(await stage.cluster.query('select from pg_dist_node where nodeport = $1', [first.port])).toEqual([]);
});

test('a lock keeper that can’t undo what a closed operation left, since a worker is dead, hands it over', async () => {
  const { op: drain, release } = await midMoveOf(stage, () =>
    stage.start('drainWorker', 'terminated', { nodes: [drained.address], approval: 'required' }),
  );
  await second.kill();
  await drain.terminate();
  await release();
  const report = await (await takeOut('after', second)).result();
  expect(report).toMatchObject({ state: 'done', removed: [second.address] });
  expect(await stage.cluster.query('select from pg_dist_node where nodeport = $1', [second.port])).toEqual(
    [],
  );
});
