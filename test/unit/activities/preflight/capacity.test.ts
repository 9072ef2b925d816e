import { expect, test } from 'vitest';
import { capacityChecks } from '../../../../src/activities/preflight/cluster/capacity.js';
import type { Capacity } from '../../../../src/citus/nodes/capacity.js';

/** A server that has enough of everything for two moves. */
const enough: Capacity = {
  versionNum: 180_000,
  citus: '14.0-1',
  walLevel: 'logical',
  slots: 10,
  slotsUsed: 0,
  origins: 10,
  originsUsed: 0,
  senders: 10,
  sendersUsed: 0,
  workerProcesses: 16,
  logicalWorkers: 4,
  preparedMax: 100,
  preparedUsed: 0,
  preparedOld: 0,
  connectionsMax: 100,
  connectionsUsed: 0,
  idleInTransactionTimeout: 0,
  oldestWrite: null,
  diskAvailable: null,
  diskTotal: null,
  patroni: null,
};

const slotsOf = (capacity: Partial<Capacity>, moves = 2) =>
  capacityChecks([{ node: 'db:5432', capacity: { ...enough, ...capacity } }], moves, 'auto').find(
    ({ id }) => id === 'replication-slots',
  );

test('from PostgreSQL 18 on a target has to have replication origins free, besides slots', () => {
  expect(slotsOf({})).toMatchObject({ ok: true });
  expect(slotsOf({ origins: 3, originsUsed: 2 })).toMatchObject({
    ok: false,
    severity: 'blocker',
    evidence: 'db:5432: 1 of max_active_replication_origins = 3 free',
  });
  expect(slotsOf({ slotsUsed: 9 })?.evidence).toContain('1 of 10 replication slots free');
});

test('before PostgreSQL 18 there are as many origins as slots', () => {
  expect(slotsOf({ origins: null, originsUsed: 9 })).toMatchObject({ ok: true });
});
