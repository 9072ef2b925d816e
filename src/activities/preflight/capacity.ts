import type { Capacity, NodeCapacity } from '../../citus/capacity.js';
import type { Check } from '../../contract/index.js';
import { blocker, listed, passed, warning } from './check.js';

interface Need {
  id: string;
  /** What is missing on a node, or undefined. */
  lack: (capacity: Capacity, moves: number) => string | undefined;
  good: (moves: number) => string;
  remedy: string;
  /** Whether only online moves need it. */
  online: boolean;
}

/** What online moves take on a source (slots, senders) and on a target (workers). Measured, docs/citus.md. */
const needs: Need[] = [
  {
    id: 'wal-level',
    lack: ({ walLevel }) => (walLevel === 'logical' ? undefined : `wal_level = ${walLevel}`),
    good: () => 'wal_level = logical everywhere',
    remedy: 'set wal_level = logical and restart, or move with block_writes',
    online: true,
  },
  {
    id: 'replication-slots',
    lack: ({ slots, slotsUsed }, moves) =>
      slots - slotsUsed >= moves ? undefined : `${slots - slotsUsed} of ${slots} replication slots free`,
    good: (moves) => `${moves} or more replication slots free on each node`,
    remedy: 'raise max_replication_slots, drop slots that nobody uses, or lower parallelMoves',
    online: true,
  },
  {
    id: 'wal-senders',
    lack: ({ senders, sendersUsed }, moves) =>
      senders - sendersUsed >= moves ? undefined : `${senders - sendersUsed} of ${senders} wal senders free`,
    good: (moves) => `${moves} or more wal senders free on each node`,
    remedy: 'raise max_wal_senders, or lower parallelMoves',
    online: true,
  },
  {
    id: 'worker-processes',
    lack: ({ workerProcesses, logicalWorkers }, moves) => {
      // A target without a free one waits in silence for ever (measured); one lets moves go one by one.
      if (logicalWorkers < 1 || workerProcesses < 4)
        return `max_worker_processes ${workerProcesses}, max_logical_replication_workers ${logicalWorkers}`;
      return workerProcesses < moves + 3
        ? `max_worker_processes ${workerProcesses} for ${moves} moves at once`
        : undefined;
    },
    good: (moves) => `worker processes for ${moves} moves at once on each node`,
    remedy:
      'raise max_worker_processes and max_logical_replication_workers and restart, or lower parallelMoves',
    online: true,
  },
  {
    id: 'prepared-transactions',
    lack: ({ preparedMax, preparedOld }) => {
      if (preparedMax === 0) return 'max_prepared_transactions = 0';
      return preparedOld > 0
        ? `${preparedOld} prepared transactions older than a minute: moves would wait for them for ever`
        : undefined;
    },
    good: () => 'none is open for long, and they are allowed',
    remedy: 'commit or roll back what pg_prepared_xacts lists; max_prepared_transactions must be above 0',
    online: false,
  },
];

export function capacityChecks(capacities: NodeCapacity[], moves: number, transferMode: string): Check[] {
  const known = capacities.flatMap((each) => ('error' in each ? [] : [each]));
  return needs
    .filter(({ online }) => !online || transferMode !== 'block_writes')
    .map(({ id, lack, good, remedy }) => {
      const lacking = known.flatMap(({ node, capacity }) => {
        const what = lack(capacity, moves);
        return what === undefined ? [] : [`${node}: ${what}`];
      });
      return lacking.length === 0 ? passed(id, good(moves)) : blocker(id, listed(lacking), remedy);
    });
}

/** Moves from a node wait for every transaction that has written there before, in any database. */
export function oldTransactions(capacities: NodeCapacity[]): Check {
  const old = capacities.flatMap((each) => {
    const oldest = 'error' in each ? null : each.capacity.oldestWrite;
    return oldest === null
      ? []
      : [`${each.node}: process ${oldest.pid} (${oldest.tag}) for ${oldest.seconds} s`];
  });
  return old.length === 0
    ? passed('old-transactions', 'no transaction that has written is older than 30 s')
    : warning(
        'old-transactions',
        `moves will wait for ${listed(old)}`,
        'end them, or wait until they have ended',
      );
}
