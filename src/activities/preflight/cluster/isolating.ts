import type { NodeCapacity } from '../../../citus/nodes/capacity.js';
import { activeWorkers, type ClusterNode } from '../../../citus/nodes/nodes.js';
import { remedyOfRefusal } from '../../../citus/nodes/refused-logins.js';
import { versionText } from '../../../citus/nodes/server-facts.js';
import { does, type Check } from '../../../contract/index.js';
import { failed, listOf, passed } from '../check.js';
import type { Intent } from '../intent.js';

/** Whether this worker can be isolated, or taken back: of the right kind, and away, or there again. */
export function isolatingChecks(
  nodes: ClusterNode[],
  capacities: NodeCapacity[],
  { isolating }: Intent,
): Check[] {
  if (!isolating) return [];
  const node = nodes.find((each) => each.node.toLowerCase() === isolating.node);
  const problem = problemOf(isolating.node, node);
  if (!node || problem !== undefined) return [notIsolable(problem ?? '', nodes)];
  const { undo } = isolating;
  const isAlready = node.hasMetadata === undo;
  const known = passed(
    'isolated-node',
    `${node.node}, node group ${node.groupId}${isAlready ? (undo ? ', has the metadata' : ', is isolated already') : ''}`,
  );
  if (isAlready) return [known];
  const answer = capacities.find((each) => each.node === node.node);
  return [
    known,
    undo ? isBack(node.node, answer) : isAway(node.node, answer),
    ...(undo ? [] : [limits(node.node, alsoDead(node, nodes, capacities))]),
  ];
}

function problemOf(address: string, node: ClusterNode | undefined): string | undefined {
  if (!node) return `${address} is no node of this cluster`;
  if (node.role === 'secondary') return `${address} is a standby: nothing waits for it`;
  if (node.role === 'coordinator')
    return `${address} is the coordinator: nothing works without it; make its standby the coordinator`;
  return node.active ? undefined : `${address} is inactive: nothing waits for it`;
}

function notIsolable(problem: string, nodes: ClusterNode[]): Check {
  const workers = nodes.filter(({ role, active }) => role === 'worker' && active).map(({ node }) => node);
  return failed(
    'isolated-node',
    problem,
    `name an active worker of this cluster: ${listOf(workers, 20) || 'it has none'}`,
  );
}

function isAway(node: string, answer: NodeCapacity | undefined): Check {
  const refusal = remedyOfRefusal(node, errorOf(answer));
  if (refusal !== undefined)
    return failed(
      'isolated-node-away',
      `${node} runs and refuses the coordinator's login: ${errorOf(answer)}`,
      refusal,
    );
  if (!answer || 'error' in answer)
    return passed('isolated-node-away', `${node} doesn't answer: ${errorOf(answer)}`);
  return failed(
    'isolated-node-away',
    `${node} answers (PostgreSQL ${versionText(answer.capacity.versionNum)}): isolated, it would lose its copy of the metadata, and who connects to it finds none of the cluster's tables`,
    'leave it as it is: it is in nobody’s way; or accept this check, with a reason',
  );
}

function isBack(node: string, answer: NodeCapacity | undefined): Check {
  if (answer && 'capacity' in answer)
    return passed(
      'isolated-node-back',
      `${node} answers (PostgreSQL ${versionText(answer.capacity.versionNum)})`,
    );
  return failed(
    'isolated-node-back',
    `${node} doesn't answer: ${errorOf(answer)}`,
    does('isolateWorker', 'start it, then ask again; until then it stays isolated', { node, undo: true }),
  );
}

function errorOf(answer: NodeCapacity | undefined): string {
  return (answer && 'error' in answer ? answer.error.split('\n')[0] : undefined) ?? 'no answer';
}

/** Other workers that don't answer and have the metadata: Citus wants to tell them of every change. */
function alsoDead(node: ClusterNode, nodes: ClusterNode[], capacities: NodeCapacity[]): string[] {
  return activeWorkers(nodes)
    .filter((each) => each.nodeId !== node.nodeId && each.hasMetadata)
    .map((each) => each.node)
    .filter((each) => capacities.some((answer) => answer.node === each && 'error' in answer));
}

/** Measured with a worker killed, before and after its isolation (docs/citus.md, "A dead worker"). */
function limits(node: string, others: string[]): Check {
  return passed(
    'isolation',
    [
      ...(others.length > 0
        ? [
            `${listOf(others, 20)}: dead too, and not isolated; what follows holds once they are isolated as well`,
          ]
        : []),
      `while ${node} is isolated, shards move between the other nodes, workers are added and marked, and tables that have no shard on it are changed`,
      `what lies on ${node} stays there and can't be read or written until it is back; reference tables can be read, not written, and tables with a shard on it, new roles, schemas, types and functions still fail`,
    ].join('; '),
  );
}
