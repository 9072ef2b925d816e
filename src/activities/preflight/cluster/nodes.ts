import { literal } from '../../../citus/session/quote.js';
import type { NodeCapacity } from '../../../citus/nodes/capacity.js';
import type { ClusterNode } from '../../../citus/nodes/nodes.js';
import { remedyOfRefusal } from '../../../citus/nodes/refused-logins.js';
import type { ShardGroup } from '../../../citus/tables/shard-groups.js';
import { versionText, type ServerFacts } from '../../../citus/nodes/server-facts.js';
import { does, type Check } from '../../../contract/index.js';
import { addressOf } from '../../../text/address.js';
import { failed, listOf, passed } from '../check.js';
import type { Intent } from '../intent.js';

/** Checks that all workers are active and answer; those that are to join may be inactive. */
export function nodesActive(nodes: ClusterNode[], capacities: NodeCapacity[], joining: string[]): Check {
  const inactive = nodes
    .filter(({ role, active, node }) => role === 'worker' && !active && !joining.includes(node.toLowerCase()))
    .map(({ node }) => `${node} is inactive`);
  const silent = capacities.flatMap((each) =>
    'error' in each ? [{ node: each.node, reason: each.error.split('\n')[0] ?? '' }] : [],
  );
  const refusing = silent.filter(({ reason }) => remedyOfRefusal(reason) !== undefined);
  const away = silent.filter(({ reason }) => remedyOfRefusal(reason) === undefined);
  const problems = [
    ...inactive,
    ...away.map(({ node, reason }) => `${node} doesn't answer: ${reason}`),
    ...refusing.map(({ node, reason }) => `${node} runs and refuses the coordinator's login: ${reason}`),
  ];
  if (problems.length === 0)
    return passed('nodes-active', `${nodes.length} nodes registered, all active and answering`);
  const letIn = new Set(refusing.map(({ reason }) => remedyOfRefusal(reason) ?? ''));
  const rest = problems.length > refusing.length ? ['bring them back, or remove them, first'] : [];
  return failed('nodes-active', listOf(problems), [...letIn, ...rest].join('; the others: '));
}

/** Checks that every node has the metadata, and none is behind with it. A move fails when one of its nodes has none. */
export function metadataSynced(nodes: ClusterNode[]): Check {
  const own = nodes.filter(({ role, active }) => role !== 'secondary' && active);
  const without = own.filter(({ hasMetadata, role }) => !hasMetadata && role !== 'coordinator');
  const behind = own.filter(({ hasMetadata, metadataSynced: synced }) => hasMetadata && !synced);
  if (without.length > 0)
    return failed(
      'metadata-synced',
      [
        `without metadata: ${listOf(without.map(({ node }) => node))}`,
        ...(behind.length > 0 ? [`out of sync: ${listOf(behind.map(({ node }) => node))}`] : []),
      ].join('; '),
      `give it to them, on the coordinator: ${without.slice(0, 5).map(startSync).join(' ')}`,
    );
  return behind.length === 0
    ? passed('metadata-synced', 'all nodes have the present metadata')
    : failed(
        'metadata-synced',
        `out of sync: ${listOf(behind.map(({ node }) => node))}`,
        'wait a few seconds; if it stays, run select start_metadata_sync_to_all_nodes()',
      );
}

function startSync({ node }: ClusterNode): string {
  const { host, port } = addressOf(node);
  return `SELECT start_metadata_sync_to_node(${literal(host)}, ${port});`;
}

/** Checks that all nodes have one version of PostgreSQL and of Citus; a minor PostgreSQL version may differ. */
export function versionsEqual({ versionNum, citus }: ServerFacts, capacities: NodeCapacity[]): Check {
  const others = capacities.flatMap((each) => {
    if ('error' in each) return [];
    const { capacity } = each;
    const same =
      Math.floor(capacity.versionNum / 10_000) === Math.floor(versionNum / 10_000) &&
      capacity.citus === citus;
    return same
      ? []
      : [
          `${each.node}: PostgreSQL ${versionText(capacity.versionNum)}, Citus ${capacity.citus ?? 'missing'}`,
        ];
  });
  return others.length === 0
    ? passed(
        'versions',
        `all nodes: PostgreSQL ${Math.floor(versionNum / 10_000)}, Citus ${citus ?? 'missing'}`,
      )
    : failed(
        'versions',
        `the coordinator has PostgreSQL ${versionText(versionNum)}, Citus ${citus ?? 'missing'}; ${listOf(others)}`,
        'finish the upgrade of all nodes first',
      );
}

/**
 * Notes nodes that people wonder about: standbys follow their primary, and a coordinator may hold shards like a
 * worker.
 */
export function specialNodes(nodes: ClusterNode[], intent?: Intent): Check[] {
  const standbys = nodes.filter(({ role }) => role === 'secondary').map(({ node }) => node);
  const coordinator = nodes.find(({ role, shouldHaveShards }) => role === 'coordinator' && shouldHaveShards);
  const markedWorkers = nodes
    .filter(
      ({ node, role, shouldHaveShards, active }) =>
        role === 'worker' &&
        active &&
        !shouldHaveShards &&
        intent?.leaving.includes(node.toLowerCase()) !== true,
    )
    .map(({ node }) => node);
  return [
    ...(standbys.length > 0
      ? [
          passed(
            'secondaries',
            `${listOf(standbys)}: standbys follow their primaries and receive nothing from us`,
          ),
        ]
      : []),
    ...(coordinator
      ? [
          passed(
            'coordinator-shards',
            `${coordinator.node}, the coordinator, holds shards: it takes part like a worker`,
          ),
        ]
      : []),
    ...(markedWorkers.length > 0 ? [drainedNodes(markedWorkers, intent)] : []),
  ];
}

function drainedNodes(markedWorkers: string[], intent: Intent | undefined): Check {
  const off = `shouldhaveshards is off on ${listOf(markedWorkers, 50)}`;
  if (intent?.emptiesMarked) return passed('drained-nodes', `${off}: they are emptied, as asked`);
  return failed(
    'drained-nodes',
    intent?.spreads
      ? `${off}: they get nothing, and what they hold moves to the others`
      : `${off}: they get nothing, and what they hold stays there`,
    does('drainWorker', 'put them back in service if that is not meant', {
      nodes: markedWorkers,
      undo: true,
    }),
  );
}

/** Notes workers without shards, for who has added one and wonders: it takes a move to fill it. */
export function emptyNodes(groups: ShardGroup[], nodes: ClusterNode[]): Check[] {
  const groupsWithShards = new Set(
    groups.filter(({ colocationId }) => colocationId !== 0).map(({ groupId }) => groupId),
  );
  const empty = nodes.filter(
    ({ role, active, shouldHaveShards, groupId }) =>
      role === 'worker' && active && shouldHaveShards && !groupsWithShards.has(groupId),
  );
  return empty.length === 0 || groupsWithShards.size === 0
    ? []
    : [
        failed(
          'empty-nodes',
          `${listOf(empty.map(({ node }) => node))}: in service and without shards`,
          does('rebalance', 'a rebalance fills them'),
        ),
      ];
}
