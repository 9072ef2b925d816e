import type { Db } from '../../citus/session/connect.js';
import { withCoordinator } from '../../citus/session/connect.js';
import { readJobs, readMovingSessions } from '../../citus/moving/jobs.js';
import { readStale } from '../../citus/nodes/stale-metadata.js';
import { readServerFacts, versionText, type ServerFacts } from '../../citus/nodes/server-facts.js';
import type { ClusterConfig } from '../../config/index.js';
import { blocks, worstFirst, type Check, type HealthAnswer, type NodeView } from '../../contract/index.js';
import { balanceOf, withoutSizes } from '../../planning/balance.js';
import { readSession } from '../runtime/context.js';
import { findLeftovers } from '../leftovers/find.js';
import type { LockViews } from '../lock/lock-views.js';
import { leftoverOf } from '../leftovers/finding.js';
import { findTemporarySettings } from '../leftovers/temporary-settings.js';
import { oldTransactions } from '../preflight/cluster/capacity.js';
import { isCoordinator, isWritable, supportedVersions } from '../preflight/cluster/coordinator.js';
import { patroniCheck } from '../preflight/cluster/patroni.js';
import { noTemporarySettings, tableLocks } from '../preflight/cluster/traffic.js';
import { emptyNodes, specialNodes, versionsEqual } from '../preflight/cluster/nodes.js';
import { nodeIdentity } from '../preflight/cluster/node-identity.js';
import { metadataSynced, nodesActive } from '../preflight/cluster/nodes-active.js';
import {
  dataBalance,
  noLeftovers,
  noReturned,
  nothingToUndo,
  oldPreparedTransactions,
  roomOnDisk,
  verdictOf,
  withoutHaste,
} from './health-checks.js';
import { firstBytes, pageOf } from './pages.js';
import { viewNodes } from './node-views.js';
import { answeringNodes, syncedNodes } from '../preflight/cluster-state.js';

/**
 * Nodes, versions, balance, jobs, leftovers and what stands out. Only the list of nodes goes by pages.
 *
 * @param locks what is asked of the cluster's lock keepers
 */
export async function inspectHealth(
  cluster: ClusterConfig,
  page: number,
  locks: LockViews,
): Promise<HealthAnswer> {
  const options = readSession('inspect', { role: 'observer', statementTimeoutSeconds: 60 });
  return withCoordinator(cluster, options, async (db) => {
    const facts = await readServerFacts(db);
    const check = isCoordinator(facts).ok ? supportedVersions(facts) : isCoordinator(facts);
    return blocks(check) ? noCluster(cluster.name, facts, check) : lookAt(db, cluster, facts, page, locks);
  });
}

async function lookAt(
  db: Db,
  config: ClusterConfig,
  facts: ServerFacts,
  page: number,
  locks: LockViews,
): Promise<HealthAnswer> {
  const { name: cluster } = config;
  const { nodes, groups, hasSizes, capacities, views } = await viewNodes(db);
  const jobs = [...(await readJobs(db)), ...(await readMovingSessions(db))];
  const sized = balanceOf(groups, nodes);
  const balance = hasSizes ? sized : withoutSizes(sized);
  const answering = answeringNodes(capacities);
  const report = await findLeftovers(db, nodes, answering);
  const holding = await locks.readHolding(config);
  const handOvers = await locks.readHandedOver(config, db);
  const settings =
    jobs.length > 0 || holding !== 'nobody' ? [] : await findTemporarySettings(db, nodes, answering);
  const checks = worstFirst([
    supportedVersions(facts),
    isWritable(facts, config.database),
    patroniCheck(facts, capacities),
    nodesActive(nodes, capacities),
    nodeIdentity(nodes, capacities),
    metadataSynced(nodes, capacities, await readStale(db, syncedNodes(nodes, capacities))),
    versionsEqual(facts, capacities),
    oldTransactions(capacities),
    oldPreparedTransactions(capacities),
    roomOnDisk(capacities),
    ...specialNodes(nodes),
    await tableLocks(db),
    dataBalance(balance, hasSizes && hasAll(views)),
    ...emptyNodes(groups, nodes),
    noLeftovers(report, cluster),
    noReturned(report),
    noTemporarySettings(settings, cluster),
    nothingToUndo(handOvers),
  ]).map(jobs.length > 0 || holding !== 'nobody' ? withoutHaste : (check) => check);
  const leftovers = [...report.leftovers, ...settings].map(leftoverOf);
  const { items, ...next } = pageOf(views, page);
  return {
    cluster,
    verdict: verdictOf(checks),
    versions: versionsOf(facts),
    nodes: items,
    nodesTotal: views.length,
    balance: { ...balance, workers: firstBytes(balance.workers, 10_000) },
    ...(typeof holding === 'object' && { operation: { id: holding.workflowId, type: holding.type } }),
    jobs: firstBytes(jobs, 6_000),
    leftovers: firstBytes(leftovers, 8_000),
    leftoversTotal: leftovers.length,
    checks,
    ...next,
  };
}

/** Whether each node with shards has told their sizes. */
function hasAll(views: NodeView[]): boolean {
  return views.every(({ shards, bytes }) => shards === 0 || bytes !== undefined);
}

/** The connection works, but behind it is no Citus coordinator, or one of which nothing more can be asked. */
function noCluster(cluster: string, facts: ServerFacts, check: Check): HealthAnswer {
  return {
    cluster,
    verdict: 'bad',
    versions: versionsOf(facts),
    nodes: [],
    nodesTotal: 0,
    balance: { workers: [], skew: 0, movableShards: 0, pinnedShards: 0 },
    jobs: [],
    leftovers: [],
    leftoversTotal: 0,
    checks: [check],
  };
}

function versionsOf({ library, versionNum }: ServerFacts): HealthAnswer['versions'] {
  return { citus: library ?? 'missing', postgres: versionText(versionNum) };
}
