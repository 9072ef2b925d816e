import { withCoordinator, type Db } from '../../citus/session/connect.js';
import { readCapacities, type NodeCapacity } from '../../citus/nodes/capacity.js';
import {
  activePrimaries,
  activeWorkers,
  isIsolated,
  readNodes,
  type ClusterNode,
} from '../../citus/nodes/nodes.js';
import { readServerFacts } from '../../citus/nodes/server-facts.js';
import { readShardGroups, readShardGroupsWithin, type ShardGroup } from '../../citus/tables/shard-groups.js';
import type { ClusterConfig } from '../../config/index.js';
import { blocks, worstFirst, type Balance, type Check } from '../../contract/index.js';
import { balanceOf } from '../../planning/balance.js';
import { fitChecks } from '../../planning/fit.js';
import { deathOf } from '../rescue/death.js';
import { readSession } from '../runtime/context.js';
import { findLeftovers } from '../leftovers/find.js';
import { findTemporarySettings } from '../leftovers/temporary-settings.js';
import { clusterChecks, leftoverChecks } from './cluster/cluster-checks.js';
import { isCoordinator, isWritable, supportedVersions, versionsKnown } from './cluster/coordinator.js';
import { intentOf, type Intent, type PreflightRequest } from './intent.js';
import { checkEach, newNodeContext } from './new-node/new-nodes.js';
import { workerSequences } from './new-node/worker-sequences.js';
import { emptyNodes } from './cluster/nodes.js';
import { replacingChecks } from './cluster/replacing.js';
import { provisionerNeeded } from './cluster/provisioner.js';
import { actingChecks } from './acting.js';
import type { Deeds } from './rights/rights.js';
import { answeringNodes, dataNodes, newServers, remainingNodes, type ClusterState } from './cluster-state.js';
import { applyAcceptance, easeFor } from './severity.js';
import { diskChecks, type Incoming } from './cluster/targets.js';
import { splittingChecks } from './cluster/splitting.js';
import { salvagingChecks } from './cluster/salvaging.js';
import { foreignJob } from './cluster/traffic.js';

export type { PreflightRequest } from './intent.js';
export { checkNewNodes } from './new-node/new-nodes.js';
export type { Incoming } from './cluster/targets.js';

/** The checks before an operation, and what else was seen. */
export interface PreflightResult {
  checks: Check[];
  before?: Balance;
  /** Patroni registers the nodes of the cluster, and nobody has said otherwise. */
  patroni?: boolean;
}

/**
 * Every check before an operation, worst first; changes nothing.
 *
 * @param reader the role that looks; what the acting role may do is asked of itself either way
 * @param isHeld whether another operation holds the cluster, whose settings are then not taken for left behind
 * @throws what a connection to the coordinator throws
 */
export async function runPreflight(
  cluster: ClusterConfig,
  request: PreflightRequest,
  {
    reader = 'operator',
    isHeld = () => Promise.resolve(false),
  }: { reader?: 'operator' | 'observer'; isHeld?: () => Promise<boolean> } = {},
): Promise<PreflightResult> {
  const intent = intentOf(request.type, request.input);
  const options = readSession('preflight', { role: reader, statementTimeoutSeconds: 60 });
  return withCoordinator(cluster, options, async (db) => {
    const facts = await readServerFacts(db);
    const first = [
      versionsKnown(facts),
      isCoordinator(facts),
      ...(facts.citus === null ? [] : [supportedVersions(facts)]),
      isWritable(facts, cluster.database),
    ];
    // What follows asks for columns and functions that an older Citus hasn't.
    if (first.some(blocks)) return { checks: worstFirst(first) };

    const nodes = await readNodes(db);
    // A frozen worker keeps whoever asks waiting: what is said to be dead is looked at beside all else, and by nobody else.
    const death = intent.rescuing.length > 0 ? deathOf(cluster, intent.rescuing, 0) : Promise.resolve([]);
    death.catch(() => undefined);
    const capacities = await readCapacitiesBut(db, nodes, intent.rescuing);
    // Beside all else: it may have to wait for whether a session is asleep.
    const leftovers = withCoordinator(cluster, options, (own) =>
      findLeftovers(own, nodes, answeringNodes(capacities)),
    );
    leftovers.catch(() => undefined);
    const { groups, hasSizes } = await readShards(db, capacities);
    const foreign = await foreignJob(db, request.operationId);
    const temporarySettings =
      foreign.ok && !(await isHeld())
        ? await findTemporarySettings(db, nodes, answeringNodes(capacities))
        : [];
    const patroni = facts.patroni !== null && request.input.acceptChecks?.includes('patroni') !== true;
    // Those that Patroni is yet to register are made by it, and needn't run yet.
    const joining = patroni
      ? intent.joining.filter((node) => !newServers(intent.joining, nodes).includes(node))
      : intent.joining;
    const checks = [
      ...first,
      foreign,
      ...(await death),
      ...(intent.replacing
        ? await replacingChecks(db, cluster, { nodes, capacities }, intent.replacing)
        : []),
      ...(intent.splitting
        ? await splittingChecks(db, cluster, { facts, nodes, capacities, groups }, intent.splitting)
        : []),
      ...(await salvagingChecks(db, cluster, nodes, intent.salvaging)),
      ...(await clusterChecks(db, request, { facts, nodes, capacities }, intent, groups)),
      ...emptyNodes(groups, remainingNodes(nodes, intent)),
      ...(await actingChecks(db, cluster, reader, {
        ...deedsOf(cluster, intent, { nodes, capacities }),
        atOnce: makesShards(intent) ? request.parallelMoves : 0,
        online: intent.moves && request.transferMode !== 'block_writes',
        capacities,
        ...(hasSizes && { largestBytes: Math.max(0, ...groups.map(({ bytes }) => bytes)) }),
      })),
      ...provisionerNeeded(cluster, intent, nodes),
      ...(joining.length > 0
        ? await checkEach(await newNodeContext(db, cluster, request, { facts, nodes, capacities }), joining)
        : []),
      ...(addsWorkers(intent, nodes) ? [await workerSequences(db)] : []),
      ...leftoverChecks(cluster, await leftovers, temporarySettings, intent),
    ];
    return {
      checks: fitChecks(
        worstFirst(
          applyAcceptance(
            checks.map((check) => easeFor(intent, check)),
            request.input.acceptChecks ?? [],
          ),
        ),
      ),
      ...(hasSizes && { before: balanceOf(groups, nodes) }),
      ...(patroni && { patroni }),
    };
  });
}

/** Workers that are said to be dead are not asked. */
async function readCapacitiesBut(
  db: Db,
  nodes: ClusterNode[],
  dead: readonly string[],
): Promise<NodeCapacity[]> {
  const isDead = (node: string): boolean =>
    dead.includes(node.toLowerCase()) && nodes.some((each) => each.node === node && each.role === 'worker');
  const all = activePrimaries(nodes);
  const asked = await readCapacities(
    db,
    all.filter((node) => !isDead(node)),
  );
  return [...asked, ...all.filter(isDead).map((node) => ({ node, error: 'it is said to be dead' }))];
}

/** Sizes are asked of every node; with one silent, or a table locked, that would take long and tell less. */
async function readShards(
  db: Db,
  capacities: NodeCapacity[],
): Promise<{ groups: ShardGroup[]; hasSizes: boolean }> {
  if (capacities.some((each) => 'error' in each))
    return { groups: await readShardGroups(db, false), hasSizes: false };
  return readShardGroupsWithin(db, 10);
}

function addsWorkers({ joining, toStart }: Intent, nodes: ClusterNode[]): boolean {
  return newServers(joining, nodes).length > 0 || toStart(activeWorkers(nodes).length) > 0;
}

/** Whether nodes make shards for each other: by moves, or anew what a dead worker held. */
function makesShards({ moves, rescuing }: Intent): boolean {
  return moves || rescuing.length > 0;
}

function deedsOf(
  { movement }: ClusterConfig,
  intent: Intent,
  { nodes, capacities }: Pick<ClusterState, 'nodes' | 'capacities'>,
): Omit<Deeds, 'atOnce' | 'online' | 'capacities'> {
  return {
    registers: addsWorkers(intent, nodes),
    deregisters: intent.deregisters,
    cleans: intent.cleans,
    // Isolated workers are marked where Citus plans, and rolled back.
    marks: intent.marks || (intent.moves && nodes.some(isIsolated)),
    isolates: intent.isolating !== undefined,
    holds: intent.replacing !== undefined || intent.splitting !== undefined,
    moves: makesShards(intent),
    tunes: intent.moves && movement.tune,
    nodes: answeringNodes(capacities),
    takers: answeringNodes(dataNodes(capacities, nodes)),
  };
}

/** Whether each node has room for what it will receive. */
export async function checkTargets(
  cluster: ClusterConfig,
  request: PreflightRequest,
  incoming: Incoming[],
): Promise<Check[]> {
  return applyAcceptance(await diskChecks(cluster, incoming), request.input.acceptChecks ?? []);
}
