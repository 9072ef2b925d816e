import { readStandIns } from '../../../citus/lost/stand-ins.js';
import type { Db } from '../../../citus/session/connect.js';
import type { ClusterConfig } from '../../../config/index.js';
import { activeWorkers, type ClusterNode } from '../../../citus/nodes/nodes.js';
import { readStale } from '../../../citus/nodes/stale-metadata.js';
import { readMostOwners } from '../../../citus/roles/owners.js';
import { conditionOf } from '../../../citus/tables/conditions.js';
import type { ShardGroup } from '../../../citus/tables/shard-groups.js';
import type { Check } from '../../../contract/index.js';
import type { LeftoverReport } from '../../leftovers/find.js';
import type { Finding } from '../../leftovers/finding.js';
import { capacityChecks, oldTransactions } from './capacity.js';
import { passed } from '../check.js';
import { connections, type ConnectionLoad } from './connections.js';
import { addressFits, noPooler } from './coordinator.js';
import type { Intent, PreflightRequest } from '../intent.js';
import { isolatingChecks } from './isolating.js';
import { rescuingChecks } from './rescuing.js';
import { leavingChecks } from './leaving.js';
import { nodeIdentity } from './node-identity.js';
import { metadataSynced, nodesActive } from './nodes-active.js';
import { specialNodes, versionsEqual } from './nodes.js';
import { patroniCheck } from './patroni.js';
import { answeringNodes, dataNodes, newServers, syncedNodes, type ClusterState } from '../cluster-state.js';
import { replicatedShards, tableChecks } from '../tables/table-checks.js';
import { findHindrances } from '../tables/find-hindrances.js';
import { leftovers, noTemporarySettings, tableLocks } from './traffic.js';

/** Checks a cluster that has a coordinator: its nodes, its tables, and what goes on in it. */
export async function clusterChecks(
  db: Db,
  request: PreflightRequest,
  state: ClusterState,
  intent: Intent,
  groups: readonly ShardGroup[],
): Promise<Check[]> {
  const { facts, nodes, capacities } = state;
  const { parallelMoves, transferMode } = request;
  return [
    await noPooler(db),
    patroniCheck(facts, capacities, intent, newServers(intent.joining, nodes)),
    ...leavingChecks(nodes, intent, facts.patroni !== null),
    ...isolatingChecks(nodes, capacities, intent),
    ...rescuingChecks(nodes, capacities, intent, intent.rescuing.length > 0 ? await readStandIns(db) : []),
    addressFits(nodes, newServers(intent.joining, nodes)),
    nodesActive(nodes, capacities, intent),
    nodeIdentity(nodes, capacities),
    metadataSynced(nodes, capacities, await readStale(db, syncedNodes(nodes, capacities)), intent),
    versionsEqual(facts, capacities),
    oldTransactions(capacities),
    await tableLocks(db),
    ...(intent.moves
      ? await moveChecks(db, { parallelMoves, transferMode }, state, intent, groups)
      : added(nodes, intent) > 0
        ? [connections(capacities, connectionLoad(state, intent, 0, false))]
        : []),
    ...specialNodes(nodes, intent),
  ];
}

/**
 * Checks what was left behind.
 *
 * @param temporarySettings settings that an operation left lowered
 */
export function leftoverChecks(
  { name }: ClusterConfig,
  report: LeftoverReport,
  temporarySettings: Finding[],
  intent: Intent,
): Check[] {
  return intent.cleans
    ? [passed('leftovers', `${report.leftovers.length + temporarySettings.length} found`)]
    : [leftovers(report, name, intent), noTemporarySettings(temporarySettings, name)];
}

async function moveChecks(
  db: Db,
  { parallelMoves, transferMode }: Pick<PreflightRequest, 'parallelMoves' | 'transferMode'>,
  state: ClusterState,
  intent: Intent,
  groups: readonly ShardGroup[],
): Promise<Check[]> {
  const { nodes, capacities } = state;
  const { leaving } = intent;
  const holders = dataNodes(capacities, nodes);
  const sources =
    leaving.length > 0 ? holders.filter(({ node }) => leaving.includes(node.toLowerCase())) : holders;
  const found = await findHindrances(db, answeringNodes(sources), transferMode);
  const load = { moves: parallelMoves, owners: await readMostOwners(db), transferMode };
  const blocks =
    transferMode === 'block_writes' ||
    (transferMode === 'auto' &&
      found.findings.some(({ condition }) => conditionOf(condition).works === 'blocking'));
  return [
    ...capacityChecks(holders, load, blocks),
    connections(capacities, connectionLoad(state, intent, parallelMoves, blocks)),
    ...tableChecks(found, transferMode, groupsThatLeave(groups, nodes, intent)),
    ...(await replicatedShards(db)),
  ];
}

function connectionLoad(
  { facts, nodes, capacities }: ClusterState,
  intent: Intent,
  moves: number,
  blocks: boolean,
): ConnectionLoad {
  return {
    moves,
    joining: added(nodes, intent),
    dataNodes: new Set(moves > 0 ? answeringNodes(dataNodes(capacities, nodes)) : []),
    coordinator: nodes.find(({ role }) => role === 'coordinator')?.node,
    blocks,
    superuser: facts.superuser,
  };
}

/** Workers that the operation adds. */
function added(nodes: ClusterNode[], { joining, toStart }: Intent): number {
  return newServers(joining, nodes).length + toStart(activeWorkers(nodes).length);
}

/** Shard groups that have to move whatever is planned: those of nodes that are to be emptied. */
function groupsThatLeave(
  groups: readonly ShardGroup[],
  nodes: readonly ClusterNode[],
  { leaving, spreads }: Intent,
): ShardGroup[] {
  const emptied = new Set(
    nodes
      .filter(({ node, shouldHaveShards }) =>
        leaving.length > 0 ? leaving.includes(node.toLowerCase()) : spreads && !shouldHaveShards,
      )
      .map(({ groupId }) => groupId),
  );
  return groups.filter(({ movable, groupId }) => movable && emptied.has(groupId));
}
