import type { NodeCapacity } from '../../../citus/nodes/capacity.js';
import { activeWorkers, isIsolated, type ClusterNode } from '../../../citus/nodes/nodes.js';
import { earlierSuccession } from '../../../citus/nodes/point-at.js';
import { does, type Check } from '../../../contract/index.js';
import { mostAwayAtOnce, signOf } from '../../../planning/life.js';
import { count } from '../../../text/figures.js';
import { failed, listOf, passed } from '../check.js';
import type { Intent } from '../intent.js';

/**
 * Whether these are workers that can be taken out as dead ones, and whether it looks like a dead worker rather than like a
 * dead network.
 *
 * @param standIns shards that an earlier rescue gave up, and that are still to be made anew
 */
export function rescuingChecks(
  nodes: ClusterNode[],
  capacities: NodeCapacity[],
  { rescuing, successors }: Intent,
  standIns: readonly number[],
): Check[] {
  if (rescuing.length === 0) return [];
  const known = rescuing.map((address) => whatIs(address, nodes, { standIns, successors }));
  const wrong = known.find(({ ok }) => !ok);
  if (wrong) return [wrong];
  return [...known, othersAnswer(nodes, capacities, rescuing), whileDead(rescuing)];
}

function whatIs(
  address: string,
  nodes: ClusterNode[],
  { standIns, successors }: { standIns: readonly number[]; successors: readonly string[] },
): Check {
  const node = nodes.find((each) => each.node.toLowerCase() === address);
  if (node?.role === 'worker') return passed('dead-worker', `${node.node}, node group ${node.groupId}`);
  const successor = node ? undefined : earlierSuccession(nodes, address, successors)?.to;
  if (successor)
    return passed('dead-worker', `${address} is out of the cluster: ${successor} is in its place`);
  if (!node && standIns.length > 0)
    return passed(
      'dead-worker',
      `${address} is out of the cluster; ${count(standIns.length, 'shard')} that were given up are still to be made anew`,
    );
  const workers = nodes.filter(({ role }) => role === 'worker').map((each) => each.node);
  if (!node)
    return failed(
      'dead-worker',
      `${address} is no node of this cluster`,
      `name a worker of this cluster: ${listOf(workers, 20) || 'it has none'}`,
    );
  return node.role === 'coordinator'
    ? failed(
        'dead-worker',
        `${address} is the coordinator`,
        'make its standby the coordinator, as whoever runs it does that; then name both hosts in the config (coordinator.hosts)',
      )
    : failed(
        'dead-worker',
        `${address} is a standby: no shard is lost with it`,
        `take it out by SELECT citus_remove_node(host, port) on the coordinator; or name a worker: ${listOf(workers, 20)}`,
      );
}

/** Measured with a worker killed (docs/citus.md, "A dead worker"). */
function whileDead(rescuing: readonly string[]): Check {
  return passed(
    'isolation',
    `until ${rescuing.join(', ')} is out, rows that lie on other workers can be read and written, and reference tables read; whole tables with a shard there, writes to reference tables, changes of tables and moves fail`,
  );
}

/** The brake: a third of all workers, or several of a few, don't die at once. */
function othersAnswer(nodes: ClusterNode[], capacities: NodeCapacity[], rescuing: readonly string[]): Check {
  const workers = activeWorkers(nodes);
  const away = workers.filter((worker) => {
    const answer = capacities.find(({ node }) => node === worker.node);
    return (
      rescuing.includes(worker.node.toLowerCase()) ||
      isIsolated(worker) ||
      (answer && 'error' in answer && signOf({ from: '', answer: answer.error }) !== 'alive')
    );
  });
  const most = mostAwayAtOnce(workers.length);
  const evidence = `${away.length} of ${count(workers.length, 'worker')} away: ${listOf(away.map(({ node }) => node))}`;
  if (away.length <= most) return passed('other-workers-answer', evidence);
  return failed(
    'other-workers-answer',
    `${evidence}. That many at once are rarely dead: likely it is the network, or the host of the coordinator`,
    does(
      'health',
      'look at the network first. If they are dead, accept this check with a reason: take each that has a standby out by itself, and name the others together',
    ),
  );
}
