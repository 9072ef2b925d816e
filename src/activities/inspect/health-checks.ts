import type { NodeCapacity } from '../../citus/nodes/capacity.js';
import { blocks, does, type Balance, type Check, type HealthAnswer } from '../../contract/index.js';
import { describeUndo, undoByHand, type HandedOver } from '../../contract/internal/undo.js';
import { count, formatBytes } from '../../text/figures.js';
import type { LeftoverReport } from '../leftovers/find.js';
import { failed, listOf, passed, warning } from '../preflight/check.js';
import { preparedTransactions } from '../preflight/cluster/capacity.js';
import { cleanUpFirst } from '../preflight/cluster/traffic.js';

/** Warns of what earlier moves left behind. */
export function noLeftovers(report: LeftoverReport, cluster: string): Check {
  const leftovers = report.leftovers;
  if (leftovers.length === 0) {
    const unknown = listOf(report.silent.map(({ node }) => node));
    return passed('leftovers', `no leftovers${unknown === '' ? '' : `; ${unknown} could not be asked`}`);
  }
  const first = report.poisoned.length > 0 ? `moves of ${listOf(report.poisoned, 3)} would fail; ` : '';
  return warning(
    'leftovers',
    `${first}${count(leftovers.length, 'leftover')}: ${listOf(leftovers.map(({ node, kind, name }) => `${node}: ${kind} ${name}`))}`,
    leftovers.some(({ remove }) => remove)
      ? cleanUpFirst(cluster)
      : listOf([...new Set(leftovers.map(({ how }) => how))], 3),
  );
}

/** Warns of servers that work as nodes of this cluster, and are none: such as a dead worker that was given up and is back. */
export function noReturned({ leftovers }: LeftoverReport): Check {
  const strangers = leftovers.filter(({ isStranger }) => isStranger);
  return strangers.length === 0
    ? passed('returned-node', 'no server that is none of the nodes works as one')
    : failed(
        'returned-node',
        `what is written through it changes shards, past the coordinator: a server with ${listOf(strangers.map(({ node, name }) => `sessions ${name} on ${node}`))}`,
        does(
          'salvageWorker',
          'a standby is left alone; a worker that was given up and is back is stopped, or fenced and its rows brought over, by the address that it was registered with',
        ),
      );
}

/**
 * Fails for what an operation changed for a while, and neither it nor its lock keeper could undo. Names the SQL or
 * command that undoes it.
 */
export function nothingToUndo(items: HandedOver[]): Check {
  return items.length === 0
    ? passed('not-undone', 'nothing of earlier operations is left to be undone by hand')
    : failed(
        'not-undone',
        listOf(items.map(({ entry, why }) => `${describeUndo(entry)}: ${why}`)),
        listOf(items.map(({ entry }) => undoByHand(entry))),
      );
}

/** Warns of prepared transactions that nobody finished. */
export function oldPreparedTransactions(capacities: NodeCapacity[]): Check {
  const check = preparedTransactions(capacities);
  return check.ok ? check : { ...check, severity: 'warning' };
}

/** Fails when a node has less than 15 % of its disk free. */
export function roomOnDisk(capacities: NodeCapacity[]): Check {
  const full = capacities.flatMap((each) => {
    if ('error' in each) return [];
    const { diskAvailable: free, diskTotal: total } = each.capacity;
    return free !== null && total !== null && free < total * 0.15
      ? [`${each.node}: ${formatBytes(free)} of ${formatBytes(total)} free`]
      : [];
  });
  return full.length > 0
    ? failed('disk', listOf(full), 'add disk space or workers; Citus wants 10 % free after a move')
    : passed('disk', '15 % or more free on every node that tells');
}

/** Fails when the fullest worker holds more than 1.5 times the mean, or sizes could not be read. */
export function dataBalance({ skew }: Balance, sized: boolean): Check {
  if (!sized) {
    return failed(
      'balance',
      'sizes could not be read: a node is silent, or a table is locked',
      'look again when that has passed',
    );
  }
  if (skew === 0) return passed('balance', 'no data yet');
  const sentence = `the fullest worker holds ${skew.toFixed(2)} times the mean`;
  return skew > 1.5
    ? failed('balance', sentence, does('rebalance', 'a rebalance would spread the data'))
    : passed('balance', sentence);
}

/** What a movement changes on its way, and at its end. */
const inFlux = ['balance', 'empty-nodes', 'drained-nodes'];

/** A check while something moves: who followed an advice to move data, or to put a node back, would work against that. */
export function withoutHaste(check: Check): Check {
  if (check.ok || !inFlux.includes(check.id)) return check;
  return { ...check, remedy: { text: 'something is at work there: look again when it has ended' } };
}

/** `bad` when a check would block an operation, `attention` when another one fails, else `good`. */
export function verdictOf(checks: Check[]): HealthAnswer['verdict'] {
  if (checks.some(blocks)) return 'bad';
  return checks.some(({ ok, severity }) => !ok && severity !== 'info') ? 'attention' : 'good';
}
