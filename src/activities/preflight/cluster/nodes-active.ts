import type { NodeCapacity } from '../../../citus/nodes/capacity.js';
import { isIsolated, type ClusterNode } from '../../../citus/nodes/nodes.js';
import { remedyOfRefusal } from '../../../citus/nodes/refused-logins.js';
import { literal } from '../../../citus/session/quote.js';
import { does, type Check, type Remedy } from '../../../contract/index.js';
import { addressOf } from '../../../text/address.js';
import { failed, listOf, passed, unacceptable, warning } from '../check.js';
import type { Intent } from '../intent.js';

/**
 * Checks that all workers are active and answer; those that are to join may be inactive. A dead one that is isolated is in
 * nobody's way but of who wants something of it. Any other stops all that changes nodes or placements, since Citus tells
 * it every such change: accepting that would only lead to endless tries.
 *
 * @param intent absent where nothing is planned
 */
export function nodesActive(nodes: ClusterNode[], capacities: NodeCapacity[], intent?: Intent): Check {
  const inactive = nodes.filter(
    ({ role, active, node }) => role === 'worker' && !active && !isExpected(node, intent),
  );
  const { silent, refusing } = notAnswering(nodes, capacities, intent?.rescuing);
  const [dead] = silent.filter(({ node }) => !isIsolated(node));
  const [wanted] = silent.filter(({ node }) => isNeeded(node, intent));
  const letIn = [...new Set(refusing.map(({ node, error }) => remedyOfRefusal(node.node, error) ?? ''))];
  const lines = [
    ...inactive.map(({ node }) => `${node} is inactive`),
    ...silent.map((each) => lineOf(each, intent)),
    ...refusing.map(({ node, error }) => `${node.node} runs and refuses the coordinator's login: ${error}`),
  ];
  if (wanted) return unacceptable('nodes-active', listOf(lines), outOfReach(wanted.node, intent));
  if (dead)
    return unacceptable(
      'nodes-active',
      listOf(lines),
      wayOut(
        silent.map(({ node }) => node),
        letIn,
      ),
    );
  if (inactive.length + refusing.length > 0)
    return failed(
      'nodes-active',
      listOf(lines),
      [...letIn, ...(inactive.length > 0 ? [activate(inactive)] : [])].join('; '),
    );
  const [isolated] = silent;
  if (isolated)
    return warning(
      'nodes-active',
      listOf(lines),
      does('isolateWorker', 'once it answers, take it back', { node: isolated.node.node, undo: true }),
    );
  return passed('nodes-active', `${nodes.length} nodes registered, all active and answering`);
}

function activate(inactive: ClusterNode[]): string {
  const calls = inactive.slice(0, 5).map(({ node }) => {
    const { host, port } = addressOf(node);
    return `SELECT citus_activate_node(${literal(host)}, ${port});`;
  });
  return `activate those that are inactive, on the coordinator: ${calls.join(' ')} or take them out`;
}

/** Whether an inactive one is what the operation is about. */
function isExpected(node: string, intent: Intent | undefined): boolean {
  return [...(intent?.joining ?? []), ...(intent?.rescuing ?? [])].includes(node.toLowerCase());
}

interface Silent {
  node: ClusterNode;
  error: string;
}

/** Nodes that give no answer, and those that run and don't let the coordinator in. */
function notAnswering(
  nodes: ClusterNode[],
  capacities: NodeCapacity[],
  rescuing: readonly string[] = [],
): { silent: Silent[]; refusing: Silent[] } {
  const all = capacities.flatMap((each) => {
    const node = nodes.find((row) => row.node === each.node);
    return 'error' in each && node && !rescuing.includes(node.node.toLowerCase())
      ? [{ node, error: each.error.split('\n')[0] ?? '' }]
      : [];
  });
  const refuses = ({ node, error }: Silent): boolean => remedyOfRefusal(node.node, error) !== undefined;
  return { silent: all.filter((each) => !refuses(each)), refusing: all.filter(refuses) };
}

function lineOf({ node, error }: Silent, intent: Intent | undefined): string {
  const says = `${node.node} doesn't answer: ${error}`;
  if (isLeaving(node, intent)) return `${says}; what lies on it can't move, for it lies nowhere else`;
  if (isIsolated(node))
    return intent?.deregisters
      ? `${says}; whether transactions that a removed worker began are prepared there can't be seen`
      : `${says}; it is isolated: nothing moves to it or from it, and the others go on without it`;
  return `${says}; it has the metadata, so every change of nodes and placements has to reach it`;
}

/** Whether the operation can't do without an isolated node. */
function isNeeded(node: ClusterNode, intent: Intent | undefined): boolean {
  return isLeaving(node, intent) || (isIsolated(node) && intent?.deregisters === true);
}

function isLeaving({ node }: ClusterNode, intent: Intent | undefined): boolean {
  return intent?.leaving.includes(node.toLowerCase()) === true;
}

function outOfReach(node: ClusterNode, intent: Intent | undefined): Remedy {
  if (isLeaving(node, intent) && intent?.deregisters === true)
    return does(
      'emergencyRemoveWorker',
      'bring it back, then ask again; if it never comes back, take it out as a dead worker: that looks first what would be lost',
      { node: node.node },
    );
  if (isIsolated(node))
    return does(
      'isolateWorker',
      isLeaving(node, intent)
        ? 'bring it back and take it back, then ask again'
        : 'bring it back and take it back, then ask again; until then the others can be emptied, not removed',
      { node: node.node, undo: true },
    );
  return does(
    'isolateWorker',
    'bring it back, then ask again. Until then isolate it, so that the others can move, add and change',
    { node: node.node },
  );
}

function wayOut(silent: ClusterNode[], letIn: string[]): Remedy {
  const [first, ...others] = silent.filter((node) => !isIsolated(node)).map(({ node }) => node);
  const each = others.length > 0 ? ', and each of the others' : '';
  return does(
    'isolateWorker',
    `${letIn.map((text) => `${text}; the others: `).join('')}wait until it is back; where that takes long, isolate it${each}: what lies on it stays, and the rest can move, add and change`,
    first === undefined ? {} : { node: first },
  );
}

/**
 * Checks that every node has the metadata, and none is behind with it. A move from a worker without it fails. Those that
 * don't answer are told by {@link nodesActive}.
 *
 * @param stale nodes with another copy than the coordinator's, without knowing it
 */
export function metadataSynced(
  nodes: ClusterNode[],
  capacities: NodeCapacity[],
  stale: readonly string[],
  intent?: Intent,
): Check {
  const answering = new Set(capacities.flatMap((each) => ('error' in each ? [] : [each.node])));
  const own = nodes.filter(({ role, active, node }) => role !== 'secondary' && active && answering.has(node));
  const without = own.filter(isIsolated);
  const behind = own.filter(({ hasMetadata, metadataSynced: synced }) => hasMetadata && !synced);
  const [first] = without;
  if (first) {
    const fail = without.some((node) => isLeaving(node, intent)) ? unacceptable : failed;
    return fail(
      'metadata-synced',
      [
        `without metadata: ${listOf(without.map(({ node }) => node))}`,
        ...(behind.length > 0 ? [`out of sync: ${listOf(behind.map(({ node }) => node))}`] : []),
      ].join('; '),
      does(
        'isolateWorker',
        `take them back, each by itself; or, on the coordinator: ${without.slice(0, 5).map(startSync).join(' ')}`,
        { node: first.node, undo: true },
      ),
    );
  }
  if (stale.length > 0)
    return failed(
      'metadata-synced',
      `other metadata than the coordinator's, as after a restore or a failover: ${listOf(stale)}: who connects there may miss rows`,
      `on the coordinator: ${own
        .filter(({ node }) => stale.includes(node))
        .slice(0, 5)
        .map(startSync)
        .join(' ')}`,
    );
  return behind.length === 0
    ? passed('metadata-synced', 'all nodes that answer have the present metadata')
    : failed(
        'metadata-synced',
        `out of sync: ${listOf(behind.map(({ node }) => node))}`,
        'wait a few seconds; if it stays, on the coordinator: SELECT start_metadata_sync_to_all_nodes();',
      );
}

function startSync({ node }: ClusterNode): string {
  const { host, port } = addressOf(node);
  return `SELECT start_metadata_sync_to_node(${literal(host)}, ${port});`;
}
