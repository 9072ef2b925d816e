import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCluster, type SandboxCluster } from '../../../sandbox/index.js';
import { startMachine } from '../../../src/activities/machines/start-machine.js';
import type { MachineEntry } from '../../../src/contract/internal/undo.js';
import { asActivity } from '../../support/activity-stage.js';
import { flavour } from '../../support/stage.js';
import { configOf } from '../connect/support.js';

/** An attempt whose worker was frozen, and which Temporal has replaced, gets its machine. */
let cluster: SandboxCluster;
beforeAll(async () => {
  cluster = await startCluster({ workers: 1, flavour });
});
afterAll(() => cluster.stop());

const entry: MachineEntry = {
  id: 'machine op/1',
  kind: 'machine',
  key: 'op/1',
  placeholder: 'new worker 1',
  taskQueue: 'citus-scaler',
};
const started = { host: '127.0.0.1', port: 9, key: entry.key };
const stops = (): string => join(cluster.folder, 'stops.log');
const isStopped = (): boolean => existsSync(stops()) && readFileSync(stops(), 'utf8') !== '';

function startReplaced(ledger: string[]): Promise<string> {
  const printing = (answer: object): string[] => [
    process.execPath,
    '-e',
    `console.log(${JSON.stringify(JSON.stringify(answer))})`,
  ];
  const command = {
    start: printing(started),
    list: printing({ machines: [started] }),
    stop: [
      process.execPath,
      '-e',
      `require('node:fs').appendFileSync(${JSON.stringify(stops())}, 'stopped ')`,
    ],
  };
  const config = configOf(cluster, { workersFrom: { command }, allowedNodes: ['127.0.0.1:*'] });
  return asActivity({ clusters: [config], attempt: 1, awaited: 2, ledger }, (context) =>
    startMachine(context, config, 'lock', entry),
  );
}

test('it goes on running while the ledger has it: the next attempt has got the same machine', async () => {
  expect(await startReplaced([entry.id])).toBe('127.0.0.1:9');
  expect(isStopped()).toBe(false);
});

test('it is stopped when it was undone meanwhile, before there was anything to stop', async () => {
  await startReplaced([]);
  expect(isStopped()).toBe(true);
});
