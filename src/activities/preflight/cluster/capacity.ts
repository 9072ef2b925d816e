import type { Capacity, NodeCapacity } from '../../../citus/nodes/capacity.js';
import type { Check, CheckId } from '../../../contract/index.js';
import { count } from '../../../text/figures.js';
import { endPrepared } from '../../../citus/moving/prepared.js';
import { failed, listOf, passed, warning } from '../check.js';
import { setOnNodes } from '../on-nodes.js';

/** The moves that servers have to have room for. */
export interface MoveLoad {
  /** At once. */
  moves: number;
  /** Owners that the tables of one shard group have at most. */
  owners: number;
  transferMode: string;
}

interface Need {
  id: CheckId;
  /** The shortage of a node in words; undefined when it has enough. */
  shortage: (capacity: Capacity, load: MoveLoad) => string | undefined;
  good: (load: MoveLoad) => string;
  /** What it takes to have enough, each a setting that needs a restart. */
  settings: (capacity: Capacity, load: MoveLoad) => Record<string, string | number>;
  /** What else helps. */
  otherwise: string;
  /** Whether only online moves need it. */
  online: boolean;
  /** Whether a node needs it only to give shards away: a new one has none to give yet. */
  sourceOnly?: boolean;
}

/**
 * The needs of moves. Online moves take slots and senders on a source, and workers and replication origins, which
 * `max_replication_slots` bounds as well before PostgreSQL 18, on a target: each for every owner of the tables that move
 * together. Measured, docs/citus.md.
 */
const needs: Need[] = [
  {
    id: 'wal-level',
    shortage: ({ walLevel }) => (walLevel === 'logical' ? undefined : `wal_level = ${walLevel}`),
    good: () => 'wal_level = logical everywhere',
    settings: () => ({ wal_level: 'logical' }),
    otherwise: 'move with block_writes',
    online: true,
    sourceOnly: true,
  },
  {
    id: 'replication-slots',
    shortage: ({ slots, slotsUsed, origins, originsUsed }, load) => {
      const needed = neededBy(load);
      if (slots - slotsUsed < needed)
        return `${slots - slotsUsed} of ${slots} replication slots free${of(load)}`;
      const name = origins === null ? 'max_replication_slots' : 'max_active_replication_origins';
      const free = (origins ?? slots) - originsUsed;
      return free < needed
        ? `${free} of ${name} = ${origins ?? slots} free for subscriptions${of(load)}`
        : undefined;
    },
    good: (load) => `${neededBy(load)} or more replication slots free on each node`,
    settings: ({ slots, slotsUsed, origins, originsUsed }, load) => ({
      max_replication_slots: Math.max(
        slots,
        slotsUsed + 2 * neededBy(load),
        origins === null ? originsUsed + 2 * neededBy(load) : 0,
      ),
      ...(origins !== null && {
        max_active_replication_origins: Math.max(origins, originsUsed + 2 * neededBy(load)),
      }),
    }),
    otherwise: 'drop slots that nobody uses, or make fewer moves at once',
    online: true,
  },
  {
    id: 'wal-senders',
    shortage: ({ senders, sendersUsed }, load) =>
      senders - sendersUsed >= sendersFor(load)
        ? undefined
        : `${senders - sendersUsed} of ${senders} wal senders free; ${count(load.moves, 'move')} at once: ${sendersFor(load)}`,
    good: (load) => `${sendersFor(load)} or more wal senders free on each node`,
    settings: ({ sendersUsed }, load) => ({ max_wal_senders: sendersUsed + 2 * sendersFor(load) }),
    otherwise: 'make fewer moves at once',
    online: true,
    sourceOnly: true,
  },
  {
    id: 'worker-processes',
    shortage: (capacity, load) => {
      const { workerProcesses, workerProcessesUsed, logicalWorkers, logicalWorkersUsed } = capacity;
      // A target that lacks one of those that a move takes waits in silence for ever; with enough for one, moves go one by
      // one (measured).
      if (logicalWorkers - logicalWorkersUsed < load.owners)
        return `max_logical_replication_workers = ${logicalWorkers}, ${logicalWorkersUsed} in use${of(load)}`;
      // Citus and PostgreSQL have three of their own.
      return workerProcesses - Math.max(3, workerProcessesUsed) < neededBy(load)
        ? `max_worker_processes = ${workerProcesses}, ${workerProcessesUsed} in use${of(load)}`
        : undefined;
    },
    good: (load) => `${neededBy(load)} or more worker processes for moves on each node`,
    settings: ({ workerProcesses, workerProcessesUsed, logicalWorkers, logicalWorkersUsed }, load) => ({
      max_worker_processes: Math.max(workerProcesses, workerProcessesUsed + 8 + 2 * neededBy(load)),
      max_logical_replication_workers: Math.max(logicalWorkers, logicalWorkersUsed + 2 * neededBy(load)),
    }),
    otherwise: 'make fewer moves at once',
    online: true,
  },
  {
    id: 'prepared-transactions',
    shortage: ({ preparedMax, preparedUsed }, { moves }) =>
      preparedMax - preparedUsed < moves
        ? `${preparedMax - preparedUsed} of max_prepared_transactions = ${preparedMax} free`
        : undefined,
    good: ({ moves }) =>
      `no prepared transaction is open for long, and ${moves} or more slots are free on each node`,
    // What Citus advises.
    settings: ({ connectionsMax, preparedUsed }, { moves }) => ({
      max_prepared_transactions: Math.max(connectionsMax, preparedUsed + 2 * moves),
    }),
    otherwise: 'make fewer moves at once',
    online: false,
  },
];

function neededBy({ moves, owners }: MoveLoad): number {
  return moves * owners;
}

/** One more than slots: who makes them holds its own until the subscriptions have theirs. */
function sendersFor({ moves, owners }: MoveLoad): number {
  return moves * (owners + 1);
}

/** What is needed, in words that follow what is there. */
function of(load: MoveLoad): string {
  const { moves, owners } = load;
  return `; ${count(moves, 'move')} at once: ${neededBy(load)}${owners > 1 ? `, one for each of ${owners} owners` : ''}`;
}

/**
 * Checks whether servers have enough of everything for these moves.
 *
 * @param capacities nodes that give or take shards: a coordinator without shards is none of them
 * @param blocks whether moves may block writes
 */
export function capacityChecks(capacities: NodeCapacity[], load: MoveLoad, blocks: boolean): Check[] {
  const answers = capacities.flatMap((each) => ('error' in each ? [] : [each]));
  return [
    ...needsOf(load).map((need) => {
      const short = answers.flatMap(({ node, capacity }) => {
        const what = need.shortage(capacity, load);
        return what === undefined ? [] : [{ node, capacity, what: `${node}: ${what}` }];
      });
      if (short.length > 0)
        return failed(need.id, listOf(short.map(({ what }) => what)), remedyOf(need, short, load));
      return need.id === 'prepared-transactions'
        ? preparedTransactions(capacities, need.good(load))
        : passed(need.id, need.good(load));
    }),
    ...(blocks ? [idleTimeout(answers)] : []),
  ];
}

/** Prepared transactions that nobody finished hold back vacuum everywhere, and moves for ever. */
export function preparedTransactions(
  capacities: readonly NodeCapacity[],
  good = 'none is older than a minute',
): Check {
  const old = capacities.flatMap((each) =>
    'error' in each ? [] : each.capacity.preparedOld.map((prepared) => ({ node: each.node, ...prepared })),
  );
  return old.length === 0
    ? passed('prepared-transactions', good)
    : failed(
        'prepared-transactions',
        `prepared for longer than a minute, which moves would wait for: ${listOf(old.map(({ node, gid }) => `${node}: ${gid}`))}`,
        listOf(old.map(endPrepared)),
      );
}

function remedyOf(
  { settings, otherwise }: Need,
  short: { node: string; capacity: Capacity }[],
  load: MoveLoad,
): string {
  const raise = short.map(({ node, capacity }) => ({
    node,
    what: Object.entries(settings(capacity, load))
      .map(([name, value]) => `ALTER SYSTEM SET ${name} = ${value};`)
      .join(' '),
  }));
  return `${setOnNodes(raise)} and a restart there; or ${otherwise}`;
}

/**
 * The needs that a server that is yet to join doesn't meet. A need that it has only to give shards away later is a
 * warning.
 */
export function newNodeShortages(node: string, capacity: Capacity, load: MoveLoad): Check[] {
  return needsOf(load).flatMap((need) => {
    const what = need.shortage(capacity, load);
    if (what === undefined) return [];
    const remedy = remedyOf(need, [{ node, capacity }], load);
    return need.sourceOnly === true
      ? [warning(need.id, `${node}: ${what}: it can take shards, but not give them away online`, remedy)]
      : [failed(need.id, `${node}: ${what}`, remedy)];
  });
}

function needsOf({ transferMode }: MoveLoad): Need[] {
  return needs.filter(({ online }) => !online || transferMode !== 'block_writes');
}

type CapacityAnswer = Extract<NodeCapacity, { capacity: Capacity }>;

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
