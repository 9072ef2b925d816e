import { readCopies, readSyncState } from '../../../citus/hold/copies.js';
import { canSplit } from '../../../citus/hold/split.js';
import type { NodeCapacity } from '../../../citus/nodes/capacity.js';
import { activeWorkers, type ClusterNode } from '../../../citus/nodes/nodes.js';
import type { ServerFacts } from '../../../citus/nodes/server-facts.js';
import { withNode, type Db } from '../../../citus/session/connect.js';
import type { ShardGroup } from '../../../citus/tables/shard-groups.js';
import type { ClusterConfig } from '../../../config/index.js';
import { does, type Check } from '../../../contract/index.js';
import { addressOf } from '../../../text/address.js';
import { count, formatBytes } from '../../../text/figures.js';
import { otherDatabase } from '../../machines/fate.js';
import { readSession } from '../../runtime/context.js';
import { failed, listOf, passed, warning } from '../check.js';
import { cloneChecks, mayBeFenced, nothingPrepared, nothingUnlogged } from './replacing.js';
import { sourceOf, type SplitWish } from './split-source.js';

/** Whether the shards of a worker can be split with a standby of it, and this one may take its part. */
export async function splittingChecks(
  db: Db,
  cluster: ClusterConfig,
  {
    facts,
    nodes,
    capacities,
    groups,
  }: { facts: ServerFacts; nodes: ClusterNode[]; capacities: NodeCapacity[]; groups: ShardGroup[] },
  wish: SplitWish,
): Promise<Check[]> {
  const library = facts.library ?? facts.citus ?? '?';
  if (!(await canSplit(db)))
    return [
      failed(
        'clone-version',
        `Citus ${library} can't make a worker of a clone: 13.2 is the first that can`,
        does('scaleOut', 'add the worker by moving shards, or update Citus', { cluster: cluster.name }),
      ),
    ];
  const version = passed('clone-version', `Citus ${library} can make a worker of a clone`);
  // One that is a worker already is no mistake: there is nothing to do.
  if (wish.clone !== undefined && activeWorkers(nodes).some(({ node }) => node.toLowerCase() === wish.clone))
    return [version];
  const source = await sourceOf(cluster, nodes, groups, wish);
  const { clone } = wish;
  const why = 'why' in source ? source.why : await whyNoSource(cluster, source, capacities, groups, clone);
  if (why !== undefined || 'why' in source)
    return [
      version,
      failed(
        'clone-source',
        why ?? '',
        'name another worker as the source, or a standby of the one that is meant; or add the worker by moving shards',
      ),
    ];
  const { node } = source;
  return [
    version,
    passed('clone-source', `${node} splits its shards with its clone`),
    ...(clone === undefined ? [] : await cloneChecks(cluster, nodes, { node, clone })),
    await mayBeFenced(cluster, node),
    await nothingUnlogged(db, source),
    await nothingPrepared(cluster, node),
    await nothingElse(cluster, node),
  ];
}

async function whyNoSource(
  cluster: ClusterConfig,
  { node, groupId, shouldHaveShards }: ClusterNode,
  capacities: NodeCapacity[],
  groups: ShardGroup[],
  clone: string | undefined,
): Promise<string | undefined> {
  const answer = capacities.find((each) => each.node === node);
  if (!answer || 'error' in answer) return `${node} doesn't answer`;
  if (!shouldHaveShards) return `${node} is marked to hold no shards`;
  const own = groups.filter((group) => group.groupId === groupId && group.colocationId !== 0);
  const movable = own.filter((group) => group.movable);
  if (movable.length < 2)
    return `${node} has ${count(movable.length, 'shard group')}: there is nothing to split`;
  if (clone === undefined) return undefined;
  const { host } = addressOf(clone);
  const sync = await withNode(cluster, node, readSession('preflight'), (db) => readSyncState(db, host));
  return sync === undefined
    ? undefined
    : `a standby on ${host} is ${sync} of ${node}: Citus promotes no synchronous one; take it out of synchronous_standby_names there first`;
}

/** What a clone would have of its source besides the data of the cluster. */
async function nothingElse(cluster: ClusterConfig, node: string): Promise<Check> {
  const [{ subscriptions, jobs, tables, bytes }, database] = [
    await withNode(cluster, node, readSession('preflight'), readCopies),
    await otherDatabase(cluster, node),
  ];
  const twice = [
    ...(subscriptions.length > 0 ? [`subscriptions ${listOf(subscriptions)}`] : []),
    ...(jobs > 0 ? [`${count(jobs, 'job')} of pg_cron`] : []),
  ];
  const idle = [
    ...(database === undefined ? [] : [database]),
    ...(tables > 0 ? [`${count(tables, 'table')} of its own (${formatBytes(bytes)})`] : []),
  ];
  const evidence = `${node} has ${[...twice, ...idle].join('; ')}: its clone has the same`;
  if (twice.length > 0)
    return failed(
      'clone-copies',
      `${evidence}, and both would go on with it`,
      'drop or disable them until the clone is a worker; or accept this check; or add the worker by moving shards',
    );
  return idle.length > 0
    ? warning('clone-copies', evidence, 'drop there what is not wanted once it is a worker')
    : passed('clone-copies', `${node} has nothing but the data of the cluster`);
}
