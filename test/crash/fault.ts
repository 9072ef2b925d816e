import { setTimeout as sleep } from 'node:timers/promises';
import type { Operation } from '../support/stage.js';
import type { Ending } from './ending.js';
import type { Lane } from './lane.js';
import { reportLost } from './lost-activities.js';
import type { TestWorker } from './worker-process.js';

export interface Scene {
  lane: Lane;
  op: Operation;
  /** The worker that waits at the point where the fault strikes. */
  worker: TestWorker;
  /** Lets it go on. */
  go: () => void;
}

/** What else than the death of the worker may happen in a step of an operation. */
export interface Fault {
  name: string;
  /** Happens to the server that the operation brings along, so not before that runs. */
  toNewWorker?: boolean;
  /** Two workers poll. */
  twoWorkers?: boolean;
  strike: (scene: Scene) => Promise<void>;
  /** When the operation is over, before its end is looked at. */
  mend?: (lane: Lane) => Promise<void>;
  /** Says what is wrong with the end; default: it must be the end of the run without faults. */
  judge?: (ending: Ending) => string[];
}

export const faults: Fault[] = [
  {
    name: 'coordinator-stopped-20s',
    strike: async ({ lane, go }) => {
      const { coordinator } = lane.cluster();
      await coordinator.kill();
      go();
      await sleep(20_000);
      await coordinator.start();
    },
  },
  {
    name: 'new-worker-killed-and-revived',
    toNewWorker: true,
    strike: async ({ lane, go }) => {
      const node = newWorker(lane);
      await node.kill();
      go();
      await sleep(4_000);
      await node.start();
    },
  },
  {
    name: 'new-worker-lost',
    toNewWorker: true,
    strike: async ({ lane, op, go }) => {
      const node = newWorker(lane);
      await node.kill();
      go();
      const { state } = await op.until(
        `naming ${node.address}`,
        ({ state, attention, checks }) =>
          JSON.stringify(state === 'failed' ? checks : (attention ?? {})).includes(node.address),
        150,
      );
      if (state === 'failed') return;
      await op.cancel();
      // What it has lowered or half copied there can't be put right without it: then it says so, and waits for it.
      const { attention } = await op.until(
        'cancelled, or waiting for the node',
        ({ state, attention }) => state === 'cancelled' || attention?.during === 'cancelling',
        120,
      );
      if (!attention) return;
      if (!JSON.stringify(attention).includes(node.address))
        throw new Error(`it does not say which node: ${JSON.stringify(attention)}`);
      await node.start();
    },
    // It may hold shards, which nobody could read else.
    mend: async (lane) => {
      const node = newWorker(lane);
      const rows = await lane.cluster().query('select from pg_dist_node where nodeport = $1', [node.port]);
      if (rows.length > 0) await node.start();
    },
    judge: ({ outcome, report }) => [
      // Before it is registered, it is refused with its name.
      ...(/cancel|^PreflightRefused.*provisioned-1/i.test(outcome) ? [] : [`ended as ${outcome}`]),
      ...(/cancelled|failed/.test(report.state) ? [] : [`report says ${report.state}`]),
    ],
  },
  {
    name: 'temporal-restarted',
    strike: async ({ lane, go }) => {
      await lane.temporal.kill();
      go();
      await sleep(2_000);
      await lane.temporal.start();
    },
  },
  {
    name: 'one-of-two-workers-killed',
    twoWorkers: true,
    strike: async ({ lane, worker }) => {
      await worker.kill();
      await reportLost(lane.client, worker.pid);
    },
  },
  {
    name: 'deploy',
    strike: async ({ lane, worker, go }) => {
      const moves = await readMoves(lane);
      go();
      await worker.stop();
      await expectKept(lane, moves, 'when the old worker has left');
      await lane.nextWorker();
      if (moves.size > 0) await sleep(2_500);
      await expectKept(lane, moves, 'when the new worker has come');
    },
  },
  {
    name: 'black-hole-60s',
    strike: async ({ lane, go }) => {
      lane.proxy.swallow();
      go();
      await sleep(60_000);
      lane.proxy.open();
    },
  },
];

function newWorker(lane: Lane) {
  const node = lane.cluster().workers.find(({ key }) => key !== undefined);
  if (!node) throw new Error('the operation has started no machine yet');
  return node;
}

/** The sessions at the server that make moves, by the names under which they are found again. */
async function readMoves(lane: Lane): Promise<Map<string, number>> {
  const rows = await lane.cluster().query<{ name: string; pid: number }>(
    `select application_name as name, pid from pg_stat_activity
      where application_name ~ '^citus-scaler:.*:move:[0-9]+$' and state = 'active'`,
  );
  return new Map(rows.map(({ name, pid }) => [name, pid]));
}

/** The very sessions that were at work go on, or have done their work: no move was lost, none was begun again. */
async function expectKept(lane: Lane, before: Map<string, number>, when: string): Promise<void> {
  const now = await readMoves(lane);
  for (const [name, pid] of before) {
    if (now.get(name) === pid) continue;
    const shard = Number(name.split(':').at(-1));
    const there = await lane
      .cluster()
      .query(
        'select from pg_dist_placement join pg_dist_node using (groupid) where shardid = $1 and nodeport = $2',
        [shard, newWorker(lane).port],
      );
    if (now.has(name) || there.length === 0)
      throw new Error(`session ${pid} made the move ${name}; ${when} it is ${now.get(name) ?? 'nobody'}`);
  }
}
