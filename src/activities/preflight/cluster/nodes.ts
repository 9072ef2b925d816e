import type { Capacity, NodeCapacity } from '../../../citus/nodes/capacity.js';
import type { ClusterNode } from '../../../citus/nodes/nodes.js';
import type { ShardGroup } from '../../../citus/tables/shard-groups.js';
import { versionText, type ServerFacts } from '../../../citus/nodes/server-facts.js';
import { does, type Check } from '../../../contract/index.js';
import { failed, listOf, passed } from '../check.js';
import { mendOnNodes } from '../on-nodes.js';
import type { Intent } from '../intent.js';

/** Checks that all nodes have one version of PostgreSQL and of Citus; a minor PostgreSQL version may differ. */
export function versionsEqual({ versionNum, citus }: ServerFacts, capacities: NodeCapacity[]): Check {
  const others = capacities.flatMap((each) => {
    if ('error' in each) return [];
    const { node, capacity } = each;
    const samePostgres = Math.floor(capacity.versionNum / 10_000) === Math.floor(versionNum / 10_000);
    return samePostgres && capacity.citus === citus ? [] : [{ node, capacity, samePostgres }];
  });
  return others.length === 0
    ? passed(
        'versions',
        `all nodes: PostgreSQL ${Math.floor(versionNum / 10_000)}, Citus ${citus ?? 'missing'}`,
      )
    : failed(
        'versions',
        `the coordinator has PostgreSQL ${versionText(versionNum)}, Citus ${citus ?? 'missing'}; ${listOf(
          others.map(
            ({ node, capacity }) =>
              `${node}: PostgreSQL ${versionText(capacity.versionNum)}, Citus ${capacity.citus ?? 'missing'}`,
          ),
        )}`,
        others.every(({ samePostgres }) => samePostgres)
          ? `finish the upgrade: the same packages of Citus on all nodes, and a restart; then, ${mendOnNodes(
              olderOf(citus, others).map((node) => ({ node, what: 'ALTER EXTENSION citus UPDATE;' })),
            )}`
          : 'finish the upgrade: the same packages of PostgreSQL and Citus on all nodes',
      );
}

/** Those whose extension is older than the coordinator's, else the coordinator itself. */
function olderOf(citus: string | null, others: { node: string; capacity: Capacity }[]): string[] {
  const older = others.filter(
    ({ capacity }) => (capacity.citus ?? '').localeCompare(citus ?? '', 'en', { numeric: true }) < 0,
  );
  return older.length > 0 ? older.map(({ node }) => node) : ['the coordinator'];
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
