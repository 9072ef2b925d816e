import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findFlavour } from '../../sandbox/flavour.js';
import type { SandboxNode } from '../../sandbox/index.js';
import type { OperationReport } from '../../src/contract/index.js';
import { swallow, whyNoBlackHole, type BlackHole } from '../support/black-hole.js';
import { fingerprint, flavour, setStage, type Stage } from '../support/stage.js';

const whyNot =
  findFlavour(flavour).flavour === 'citus'
    ? whyNoBlackHole()
    : 'the stand-in can’t point a node at another server';
/** Packets are dropped by iptables, as root: elsewhere the title says why not. */
const onHoles = (title: string, work: () => Promise<void>): void =>
  test.skipIf(whyNot !== undefined)(whyNot === undefined ? title : `${title} (skipped: ${whyNot})`, work);

/** Seconds in which each is over. What TCP or Citus wait for by themselves takes two minutes, fifteen, or hours. */
const bound = 75;

let stage: Stage;
let empty: SandboxNode, doubled: SandboxNode, standby: SandboxNode, full: SandboxNode;
const holes: BlackHole[] = [];
const clients: pg.Client[] = [];

beforeAll(async () => {
  if (whyNot !== undefined) return;
  stage = await setStage({ start: { workers: 4 }, wishes: { approval: 'auto' } });
  const [one, two, three] = stage.cluster.workers;
  if (!one || !two || !three) throw new Error('no workers');
  [empty, doubled, full] = [one, two, three];
  standby = await stage.cluster.standbyOf(doubled);
  await (
    await stage.start('drainWorker', 'drained', {
      nodes: [empty.address],
      transferMode: 'block_writes',
    })
  ).result();
});
afterAll(async () => {
  for (const hole of holes) hole.open();
  await Promise.all(clients.map((client) => client.end().catch(() => undefined)));
  if (whyNot === undefined) await stage.end();
});

/** A session of a user that has written, and has sessions on the workers open from before the packets are dropped. */
async function openTransaction(statement: string): Promise<void> {
  const client = new pg.Client(stage.cluster.coordinator.login);
  client.on('error', () => undefined);
  clients.push(client);
  await client.connect();
  await client.query('begin');
  await client.query(statement);
}

async function remove(node: SandboxNode, more: object = {}): Promise<OperationReport> {
  const op = await stage.start('emergencyRemoveWorker', `remove-${node.port}`, {
    node: node.address,
    deadFor: '1s',
    ...more,
  });
  await op.until('done', ({ state }) => state === 'done', bound);
  const report = await op.result();
  expect(report.removed).toEqual([node.address]);
  return report;
}

/** Whole tables, and rows that every node has a copy of. */
async function everythingWorks(id: number): Promise<Record<string, string>> {
  await stage.cluster.query('insert into plans values ($1)', [id]);
  await stage.cluster.query('delete from plans where id = $1', [id]);
  return fingerprint(stage.cluster);
}

onHoles('a worker that holds nothing of its own leaves, though a transaction on it hangs', async () => {
  const before = await fingerprint(stage.cluster);
  await openTransaction(`insert into plans values (80, 'never committed')`);
  holes.push(swallow(empty.port));
  await remove(empty);
  expect(await everythingWorks(81)).toEqual(before);
});

onHoles('a standby takes the place of one, and all nodes know of it', async () => {
  const before = await fingerprint(stage.cluster);
  await openTransaction('update orders set note = note');
  holes.push(swallow(doubled.port));
  await remove(doubled, { standby: standby.address });
  expect(await everythingWorks(82)).toEqual(before);
});

onHoles('what only one held is given up and made anew', async () => {
  await openTransaction('update orders set note = note');
  holes.push(swallow(full.port));
  const look = await stage.start('emergencyRemoveWorker', 'look', { node: full.address, dryRun: true });
  const { plan } = await look.result();
  const report = await remove(full, { acceptDataLoss: plan?.loss?.sentence });
  expect(report.movedShardGroups).toBe(plan?.loss?.shardGroups);
  await everythingWorks(83);
});
