import type { Capacity, NodeCapacity } from '../../../citus/nodes/capacity.js';
import type { Check, CheckId } from '../../../contract/index.js';
import { failed, listOf, passed, warning } from '../check.js';

interface Need {
  id: CheckId;
  /** The shortage of a node in words; undefined when it has enough. */
  shortage: (capacity: Capacity, moves: number) => string | undefined;
  good: (moves: number) => string;
  remedy: string;
  /** Whether only online moves need it. */
  online: boolean;
  /** Whether a node needs it only to give shards away: a new one has none to give yet. */
  sourceOnly?: boolean;
}

/**
 * The needs of moves. Online moves take slots and senders on a source, and workers and replication origins, which
 * `max_replication_slots` bounds as well before PostgreSQL 18, on a target. Measured, docs/citus.md.
 */
const needs: Need[] = [
  {
    id: 'wal-level',
    shortage: ({ walLevel }) => (walLevel === 'logical' ? undefined : `wal_level = ${walLevel}`),
    good: () => 'wal_level = logical everywhere',
    remedy: 'set wal_level = logical and restart, or move with block_writes',
    online: true,
    sourceOnly: true,
  },
  {
    id: 'replication-slots',
    shortage: ({ slots, slotsUsed, origins, originsUsed }, moves) => {
      if (slots - slotsUsed < moves) return `${slots - slotsUsed} of ${slots} replication slots free`;
      return origins !== null && origins - originsUsed < moves
        ? `${origins - originsUsed} of max_active_replication_origins = ${origins} free`
        : undefined;
    },
    good: (moves) => `${moves} or more replication slots free on each node`,
    remedy:
      'raise max_replication_slots (from PostgreSQL 18 on max_active_replication_origins too), drop slots that nobody uses, or make fewer moves at once',
    online: true,
  },
  {
    id: 'wal-senders',
    shortage: ({ senders, sendersUsed }, moves) =>
      senders - sendersUsed >= moves ? undefined : `${senders - sendersUsed} of ${senders} wal senders free`,
    good: (moves) => `${moves} or more wal senders free on each node`,
    remedy: 'raise max_wal_senders, or make fewer moves at once',
    online: true,
    sourceOnly: true,
  },
  {
    id: 'worker-processes',
    shortage: ({ workerProcesses, logicalWorkers }, moves) => {
      // A target without a free one waits in silence for ever (measured); one lets moves go one by one.
      if (logicalWorkers < 1 || workerProcesses < 4)
        return `max_worker_processes ${workerProcesses}, max_logical_replication_workers ${logicalWorkers}`;
      return workerProcesses < moves + 3
        ? `max_worker_processes ${workerProcesses} for ${moves} moves at once`
        : undefined;
    },
    good: (moves) => `worker processes for ${moves} moves at once on each node`,
    remedy:
      'raise max_worker_processes and max_logical_replication_workers and restart, or make fewer moves at once',
    online: true,
  },
  {
    id: 'prepared-transactions',
    shortage: ({ preparedMax, preparedUsed, preparedOld }, moves) => {
      const free = preparedMax - preparedUsed;
      if (free < moves) return `${free} of max_prepared_transactions = ${preparedMax} free`;
      return preparedOld > 0
        ? `${preparedOld} prepared transactions older than a minute: moves would wait for them for ever`
        : undefined;
    },
    good: (moves) =>
      `no prepared transaction is open for long, and ${moves} or more slots are free on each node`,
    remedy:
      'commit or roll back what pg_prepared_xacts lists; raise max_prepared_transactions (Citus advises max_connections)',
    online: false,
  },
];

/**
 * Checks whether servers have enough of everything for this many moves at once.
 *
 * @param capacities nodes that give or take shards: a coordinator without shards is none of them
 */
export function capacityChecks(capacities: NodeCapacity[], moves: number, transferMode: string): Check[] {
  const answers = capacities.flatMap((each) => ('error' in each ? [] : [each]));
  return [
    ...needsOf(transferMode).map((need) => {
      const shortages = answers.flatMap(({ node, capacity }) => {
        const what = need.shortage(capacity, moves);
        return what === undefined ? [] : [`${node}: ${what}`];
      });
      return shortages.length === 0
        ? passed(need.id, need.good(moves))
        : failed(need.id, listOf(shortages), need.remedy);
    }),
    connections(answers, moves),
    ...(transferMode === 'block_writes' ? [idleTimeout(answers)] : []),
  ];
}

/**
 * The needs that a server that is yet to join doesn't meet. A need that it has only to give shards away later is a
 * warning.
 */
export function newNodeShortages(
  node: string,
  capacity: Capacity,
  moves: number,
  transferMode: string,
): Check[] {
  return needsOf(transferMode).flatMap((need) => {
    const what = need.shortage(capacity, moves);
    if (what === undefined) return [];
    return need.sourceOnly === true
      ? [warning(need.id, `${node}: ${what}: it can take shards, but not give them away online`, need.remedy)]
      : [failed(need.id, `${node}: ${what}`, need.remedy)];
  });
}

function needsOf(transferMode: string): Need[] {
  return needs.filter(({ online }) => !online || transferMode !== 'block_writes');
}

type CapacityAnswer = Extract<NodeCapacity, { capacity: Capacity }>;

/** A long series of moves has run servers out of connections before (citusdata/citus#4928). */
function connections(answers: CapacityAnswer[], moves: number): Check {
  const least = 10 + 3 * moves;
  const few = answers.flatMap(({ node, capacity: { connectionsMax, connectionsUsed } }) =>
    connectionsMax - connectionsUsed < least
      ? [`${node}: ${connectionsMax - connectionsUsed} of ${connectionsMax} connections free`]
      : [],
  );
  return few.length === 0
    ? passed('connections', `${least} or more connections free on each node`)
    : failed(
        'connections',
        `${listOf(few)}; ${least} would be good`,
        'raise max_connections, or make fewer moves at once',
      );
}

/** A move that blocks writes holds a transaction open on every node, also those that it doesn't touch (citusdata/citus#8484). */
function idleTimeout(answers: CapacityAnswer[]): Check {
  const limits = answers.flatMap(({ node, capacity: { idleInTransactionTimeout: ms } }) =>
    ms > 0 ? [`${node}: ${ms / 1000} s`] : [],
  );
  return limits.length === 0
    ? passed('idle-timeout', 'idle_in_transaction_session_timeout is off everywhere')
    : failed(
        'idle-timeout',
        `a move that takes longer than idle_in_transaction_session_timeout is ended: ${listOf(limits)}`,
        'set idle_in_transaction_session_timeout = 0 while moving, or move online',
      );
}

/** Checks for old transactions. Moves from a node wait for every transaction that has written there before, in any database. */
export function oldTransactions(capacities: NodeCapacity[]): Check {
  const old = capacities.flatMap((each) => {
    const oldest = 'error' in each ? null : each.capacity.oldestWrite;
    return oldest === null
      ? []
      : [`${each.node}: process ${oldest.pid} (${oldest.tag}) for ${oldest.seconds} s`];
  });
  return old.length === 0
    ? passed('old-transactions', 'no transaction that has written is older than 30 s')
    : failed(
        'old-transactions',
        `moves will wait for ${listOf(old)}`,
        'end them, or wait until they have ended',
      );
}
