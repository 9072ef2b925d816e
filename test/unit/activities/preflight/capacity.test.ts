import { expect, test } from 'vitest';
import { capacityChecks, type MoveLoad } from '../../../../src/activities/preflight/cluster/capacity.js';
import {
  connections,
  newNodeConnections,
  type ConnectionLoad,
} from '../../../../src/activities/preflight/cluster/connections.js';
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
  workerProcessesUsed: 2,
  logicalWorkers: 4,
  logicalWorkersUsed: 0,
  preparedMax: 100,
  preparedUsed: 0,
  preparedOld: [],
  connectionsMax: 100,
  connectionsReserved: 3,
  connectionsUsed: 0,
  poolMax: 0,
  clientsMax: -1,
  clientsUsed: 0,
  idleInTransactionTimeout: 0,
  oldestWrite: null,
  diskAvailable: null,
  diskTotal: null,
  patroni: null,
  inRecovery: false,
  localGroup: 1,
};

const two: MoveLoad = { moves: 2, owners: 1, transferMode: 'auto' };
const checkOf = (id: string, capacity: Partial<Capacity>, load: Partial<MoveLoad> = {}, blocks = false) =>
  capacityChecks(
    [{ node: 'db:5432', capacity: { ...enough, ...capacity } }],
    { ...two, ...load },
    blocks,
  ).find((check) => check.id === id);
const slotsOf = (capacity: Partial<Capacity>, load: Partial<MoveLoad> = {}) =>
  checkOf('replication-slots', capacity, load);

test('from PostgreSQL 18 on a target has to have replication origins free, besides slots', () => {
  expect(slotsOf({})).toMatchObject({ ok: true });
  expect(slotsOf({ origins: 3, originsUsed: 2 })).toMatchObject({
    ok: false,
    severity: 'blocker',
    evidence: 'db:5432: 1 of max_active_replication_origins = 3 free for subscriptions; 2 moves at once: 2',
  });
  expect(slotsOf({ slotsUsed: 9 })?.evidence).toContain('1 of 10 replication slots free');
});

test('before PostgreSQL 18 as many subscriptions as slots can be followed', () => {
  expect(slotsOf({ origins: null, originsUsed: 8 })).toMatchObject({ ok: true });
  expect(slotsOf({ origins: null, originsUsed: 9 })?.evidence).toContain('1 of max_replication_slots = 10');
});

test('a move takes slots, senders and workers for each owner of the tables that move together', () => {
  expect(slotsOf({}, { owners: 6 })?.evidence).toContain('2 moves at once: 12, one for each of 6 owners');
  expect(checkOf('wal-senders', { senders: 4 })).toMatchObject({ ok: true });
  expect(checkOf('wal-senders', { senders: 4 }, { owners: 2 })?.evidence).toContain('2 moves at once: 6');
  // With fewer than one move takes it would wait in silence.
  expect(checkOf('worker-processes', { logicalWorkersUsed: 3 })).toMatchObject({ ok: true });
  expect(checkOf('worker-processes', { logicalWorkersUsed: 3 }, { owners: 2 })).toMatchObject({
    ok: false,
    severity: 'blocker',
  });
  expect(checkOf('worker-processes', { workerProcessesUsed: 15 })?.evidence).toContain(
    'max_worker_processes = 16, 15 in use; 2 moves at once: 2',
  );
});

test('a limit on idle transactions is told wherever moves may block writes', () => {
  const limit = { idleInTransactionTimeout: 60_000 };
  expect(checkOf('idle-timeout', limit)).toBeUndefined();
  expect(checkOf('idle-timeout', limit, {}, true)).toMatchObject({ ok: false, severity: 'warning' });
});

const load: ConnectionLoad = {
  ...{ moves: 2, joining: 3, dataNodes: new Set(['db:5432']), coordinator: 'main:5432' },
  ...{ blocks: true, superuser: false },
};
const connectionsOf = (capacity: Partial<Capacity>, node = 'db:5432', more: Partial<ConnectionLoad> = {}) =>
  connections([{ node, capacity: { ...enough, ...capacity } }], { ...load, ...more });

test('connections are compared with what moves and new workers take, on each node', () => {
  expect(connectionsOf({ connectionsUsed: 84 })).toMatchObject({ ok: true });
  const few = connectionsOf({ connectionsUsed: 90 });
  expect(few).toMatchObject({
    ...{ ok: false, severity: 'warning' },
    evidence: 'db:5432: max_connections = 100, of which 3 are reserved and 90 in use; 13 more are needed',
  });
  expect(few.remedy?.text).toContain('ALTER SYSTEM SET max_connections = 110; and a restart');
  // Not even one move would have them.
  expect(connectionsOf({ connectionsUsed: 92 })).toMatchObject({ ok: false, severity: 'blocker' });
  // A node without shards has a session with each new worker only, the coordinator more.
  expect(connectionsOf({ connectionsUsed: 90 }, 'other:5432')).toMatchObject({ ok: true });
  expect(connectionsOf({ connectionsUsed: 90 }, 'main:5432').evidence).toContain('15 more are needed');
});

test('Citus’s own limits on sessions of the coordinator are told, with the statement that raises them', () => {
  const pool = (poolMax: number, blocks = true) => connectionsOf({ poolMax }, 'main:5432', { blocks });
  expect(pool(5)).toMatchObject({ ok: true });
  expect(pool(4)).toMatchObject({ ok: false, severity: 'warning' });
  expect(pool(3)).toMatchObject({ ok: false, severity: 'blocker' });
  expect(pool(3).remedy?.text).toContain('ALTER SYSTEM SET citus.max_shared_pool_size = 8;');
  expect(pool(3, false)).toMatchObject({ ok: true });
  const clients = { clientsMax: 10, clientsUsed: 5 };
  expect(connectionsOf(clients, 'main:5432').evidence).toContain(
    'citus.max_client_connections = 10, of which 5 are in use; 6 more are needed',
  );
  expect(connectionsOf(clients, 'main:5432', { superuser: true })).toMatchObject({ ok: true });
});

test('a server that is to join needs as many connections as the busiest of the others has, and those of moves', () => {
  const others = [30, 80].map((connectionsUsed, n) => ({
    node: `db${n}:5432`,
    capacity: { ...enough, connectionsUsed },
  }));
  const joins = (connectionsMax: number) =>
    newNodeConnections('new:5432', { ...enough, connectionsMax }, { others, moves: 2 });
  expect(joins(93)).toEqual([]);
  expect(joins(92)).toMatchObject([{ ok: false, severity: 'warning' }]);
  expect(joins(7)).toMatchObject([{ ok: false, severity: 'blocker' }]);
});
