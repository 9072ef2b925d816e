import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ConfigWishes } from '../../../sandbox/config-file.js';
import type { SandboxCluster, SandboxNode } from '../../../sandbox/index.js';
import { midMoveOf } from '../../support/slow-moves.js';
import { setStage, type Operation, type Stage } from '../../support/stage.js';
import { expectCancelled, expectNowAndLater, nodesOf } from '../../support/undo.js';

/** A cancel takes back what the operation did, not what it found. */
let stage: Stage;
afterEach(() => stage.end());

describe('with a server that runs already', () => {
  let node: SandboxNode;
  beforeEach(async () => {
    stage = await setStage();
    node = await stage.cluster.addNode();
  });

  const waiting = async (id: string): Promise<Operation> => {
    const op = await stage.scaleOut(id, { nodes: [node.address], approval: 'required' });
    await op.until('awaiting approval', ({ state }) => state === 'awaiting-approval');
    return op;
  };

  test('that was registered and inactive, it is so again', async () => {
    await stage.cluster.query('select citus_add_inactive_node($1, $2)', [node.host, node.port]);
    const before = await nodesOf(stage.cluster);
    expect(before[node.address]).toMatch(/^inactive/);
    const op = await waiting('inactive');
    await op.update('pause', { by: 'test' });
    await op.update('approve', { by: 'test' });
    await op.until('registered', ({ steps }) =>
      steps.some(({ name, state }) => name === 'Copy reference tables' && state === 'running'),
    );
    // citus_add_node finds it registered, and leaves it inactive (Citus 13.2).
    expect.soft((await nodesOf(stage.cluster))[node.address]).toMatch(/^active/);
    await op.cancel();
    await expectCancelled(op);
    await expectNowAndLater(() => nodesOf(stage.cluster), before);
  });

  test('that somebody else registers meanwhile, it stays registered', async () => {
    const { op, release } = await midMoveOf(stage, async () => {
      const started = await waiting('registered-meanwhile');
      await stage.cluster.query('select citus_add_node($1, $2)', [node.host, node.port]);
      return started;
    });
    const before = await nodesOf(stage.cluster);
    await op.cancel();
    await expectCancelled(op);
    await release();
    await expectNowAndLater(() => nodesOf(stage.cluster), before);
    expect(before[node.address]).toMatch(/^active/);
  });
});

/** A provisioner whose every machine is a server that runs already; it writes down when it is to stop one. */
function provisionerOf({ folder }: SandboxCluster, { host, port }: SandboxNode): ConfigWishes {
  const program = join(folder, 'provisioner.mjs');
  const machine = JSON.stringify({ host, port, key: 'KEY', running: true });
  writeFileSync(
    program,
    `import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
     import { text } from 'node:stream/consumers';
     const [action] = process.argv.slice(2);
     const request = JSON.parse((await text(process.stdin)) || '{}');
     const file = ${JSON.stringify(join(folder, 'key'))};
     const machine = () => JSON.parse(${JSON.stringify(machine)}.replace('KEY', readFileSync(file, 'utf8')));
     if (action === 'start') writeFileSync(file, request.key);
     if (action === 'stop') appendFileSync(${JSON.stringify(join(folder, 'stops'))}, JSON.stringify(request) + '\\n');
     const answers = { start: () => machine(), stop: () => ({}), list: () => ({ machines: existsSync(file) ? [machine()] : [] }) };
     process.stdout.write(JSON.stringify(answers[action]()));`,
  );
  const command = (action: string): string[] => [process.execPath, program, action];
  return {
    workersFrom: { command: { start: command('start'), stop: command('stop'), list: command('list') } },
  };
}

test('a provisioner that answers with a server that is a worker already: it is still one, and runs', async () => {
  stage = await setStage({
    wishes: async (cluster) => {
      const worker = await cluster.addNode();
      await cluster.query('select citus_add_node($1, $2)', [worker.host, worker.port]);
      return provisionerOf(cluster, worker);
    },
  });
  const before = await nodesOf(stage.cluster);
  const op = await stage.scaleOut('known-machine', { add: 1, approval: 'required' });
  await op.until('awaiting approval', ({ state }) => state === 'awaiting-approval');
  await op.update('pause', { by: 'test' });
  await op.update('approve', { by: 'test' });
  // It may be refused, or be taken for what it is; whatever it comes to, it is cancelled then.
  const seen = (each: { state: string; steps: { name: string; state: string }[] }): boolean =>
    ['failed', 'needs-attention'].includes(each.state) ||
    each.steps.some(({ name, state }) => name === 'Copy reference tables' && state !== 'pending');
  await op.until('registered or refused', seen);
  await op.cancel().catch(() => undefined);
  await op.until('over', ({ state }) => ['done', 'failed', 'cancelled'].includes(state), 90);
  const stops = join(stage.folder, 'stops');
  await expectNowAndLater(() => nodesOf(stage.cluster), before);
  expect(existsSync(stops) ? readFileSync(stops, 'utf8') : '').toBe('');
});
