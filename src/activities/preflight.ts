import { withCoordinator, type Db } from '../citus/connect.js';
import { readCapacities, type NodeCapacity } from '../citus/capacity.js';
import { readExtensions } from '../citus/new-server.js';
import { readNodes, type ClusterNode } from '../citus/nodes.js';
import { readServerFacts, type ServerFacts } from '../citus/server-facts.js';
import { readShardGroups, readShardGroupsWithin, type ShardGroup } from '../citus/shard-groups.js';
import type { ClusterConfig } from '../config/index.js';
import type { Balance, Check, OperationType } from '../contract/index.js';
import { balanceOf } from '../planning/balance.js';
import { worstFirst } from '../planning/checks.js';
import { fitChecks } from '../planning/fit.js';
import { session } from './context.js';
import { findLeftovers } from './leftovers/find.js';
import type { Finding } from './leftovers/finding.js';
import { raisedSettings } from './leftovers/raised-settings.js';
import { capacityChecks, oldTransactions } from './preflight/capacity.js';
import { passed } from './preflight/check.js';
import { inBatches } from './preflight/in-batches.js';
import { intentOf, type Intent, type IntentInput } from './preflight/intent.js';
import { leavingChecks } from './preflight/leaving.js';
import {
  addressFits,
  isCoordinator,
  isWritable,
  noPatroni,
  noPooler,
  versionsKnown,
} from './preflight/coordinator.js';
import { checkNewNode, type NewNodeContext } from './preflight/new-node.js';
import { activeWorkers, provisionerNeeded } from './preflight/provisioner.js';
import { actingRights, type Deeds } from './preflight/rights.js';
import { emptyNodes, metadataSynced, nodesActive, specialNodes, versionsEqual } from './preflight/nodes.js';
import { replicaIdentity, tableTraits } from './preflight/tables.js';
import { diskChecks, type Incoming } from './preflight/targets.js';
import { foreignJob, leftovers, nothingRaised, tableLocks } from './preflight/traffic.js';

export { acceptableChecks, checkIds } from './preflight/ids.js';
export type { Incoming } from './preflight/targets.js';

/** Each takes up to four connections, and ten seconds when it doesn't answer. */
const newNodesAtOnce = 10;

/** What an operation is about to do, as far as the checks want to know. */
export interface PreflightRequest {
  type: OperationType;
  input: IntentInput;
  transferMode: string;
  parallelMoves: number;
  /** Moves of this workflow are not foreign. */
  operationId?: string;
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
): Promise<{ checks: Check[]; before?: Balance }> {
  const intent = intentOf(request.type, request.input);
  const options = session('preflight', { role: reader, statementTimeoutSeconds: 60 });
  return withCoordinator(cluster, options, async (db) => {
    const facts = await readServerFacts(db);
    const first = [versionsKnown(facts), isCoordinator(facts), isWritable(facts)];
    if (first.some(({ ok }) => !ok)) return { checks: worstFirst(first) };

    const nodes = await readNodes(db);
    const capacities = await readCapacities(db, asked(nodes));
    const { groups, sized } = await readShards(db, capacities);
    const context = await newNodeContext(db, cluster, request, { facts, nodes, capacities });
    const foreign = await foreignJob(db, request.operationId);
    const raised = foreign.ok && !(await isHeld()) ? await raisedSettings(db, answering(capacities)) : [];
    const checks = [
      ...first,
      foreign,
      ...(await clusterChecks(db, cluster, request, { facts, nodes, capacities, raised }, intent)),
      ...emptyNodes(groups, staying(nodes, intent)),
      ...(await actingRights(db, cluster, reader, deedsOf(cluster, intent, { nodes, capacities }))),
      ...provisionerNeeded(cluster, intent, nodes),
      ...(await inBatches(intent.joining, newNodesAtOnce, (node) => checkNewNode(context, node))).flat(),
    ];
    return {
      checks: fitChecks(
        worstFirst(
          accepted(intent.cleans ? checks.map(ofCleaning) : checks, request.input.acceptChecks ?? []),
        ),
      ),
      ...(sized && { before: balanceOf(groups, nodes) }),
    };
  });
}

/** Sizes are asked of every node; with one silent, or a table locked, that would take long and tell less. */
async function readShards(
  db: Db,
  capacities: NodeCapacity[],
): Promise<{ groups: ShardGroup[]; sized: boolean }> {
  if (capacities.some((each) => 'error' in each))
    return { groups: await readShardGroups(db, false), sized: false };
  return readShardGroupsWithin(db, 10);
}

interface Seen {
  facts: ServerFacts;
  nodes: ClusterNode[];
  capacities: NodeCapacity[];
}

interface SeenInAll extends Seen {
  /** Settings that an operation left raised. */
  raised: Finding[];
}

async function clusterChecks(
  db: Db,
  { name }: ClusterConfig,
  request: PreflightRequest,
  seen: SeenInAll,
  intent: Intent,
): Promise<Check[]> {
  const { facts, nodes, capacities, raised } = seen;
  const found = await findLeftovers(db, nodes, answering(capacities));
  const { parallelMoves, transferMode } = request;
  return [
    await noPooler(db),
    noPatroni(facts, capacities),
    ...leavingChecks(nodes, intent),
    addressFits(nodes, newOf(intent.joining, nodes)),
    nodesActive(nodes, capacities, intent.joining),
    metadataSynced(nodes),
    versionsEqual(facts, capacities),
    oldTransactions(capacities),
    await tableLocks(db),
    ...(intent.moves ? await moveChecks(db, { parallelMoves, transferMode }, seen) : []),
    ...(intent.cleans
      ? [passed('leftovers', `${found.leftovers.length + raised.length} found`)]
      : [leftovers(found, name, intent), nothingRaised(raised, name)]),
    ...specialNodes(nodes, intent),
  ];
}

async function moveChecks(
  db: Db,
  { parallelMoves, transferMode }: Pick<PreflightRequest, 'parallelMoves' | 'transferMode'>,
  { nodes, capacities }: Seen,
): Promise<Check[]> {
  return [
    ...capacityChecks(moversOf(capacities, nodes), parallelMoves, transferMode),
    await replicaIdentity(db, transferMode),
    ...(await tableTraits(db, transferMode)),
  ];
}

/** A coordinator without shards neither gives nor takes any. */
function moversOf(capacities: NodeCapacity[], nodes: ClusterNode[]): NodeCapacity[] {
  return capacities.filter(({ node }) =>
    nodes.some((each) => each.node === node && (each.role === 'worker' || each.shouldHaveShards)),
  );
}

function staying(nodes: ClusterNode[], { leaving }: Intent): ClusterNode[] {
  return nodes.filter(({ node }) => !leaving.includes(node.toLowerCase()));
}

function answering(capacities: NodeCapacity[]): string[] {
  return capacities.flatMap((each) => ('error' in each ? [] : [each.node]));
}

/** Those that are no active workers yet. */
function newOf(wanted: string[], nodes: ClusterNode[]): string[] {
  const active = nodes.filter((node) => node.role === 'worker' && node.active);
  return wanted.filter((each) => !active.some(({ node }) => node.toLowerCase() === each));
}

function deedsOf(
  { movement }: ClusterConfig,
  intent: Intent,
  { nodes, capacities }: Pick<Seen, 'nodes' | 'capacities'>,
): Deeds {
  return {
    registers: newOf(intent.joining, nodes).length > 0 || intent.toStart(activeWorkers(nodes)) > 0,
    deregisters: intent.deregisters,
    cleans: intent.cleans,
    marks: intent.marks,
    moves: intent.moves,
    tunes: movement.tune,
    nodes: answering(capacities),
    takers: answering(moversOf(capacities, nodes)),
  };
}

/** Checks servers that have been started for this operation, before they are registered. */
export async function checkNewNodes(
  cluster: ClusterConfig,
  request: PreflightRequest,
  nodes: string[],
): Promise<Check[]> {
  const context = await withCoordinator(cluster, session('preflight'), async (db) => {
    const registered = await readNodes(db);
    const seen = { facts: await readServerFacts(db), nodes: registered };
    return newNodeContext(db, cluster, request, {
      ...seen,
      capacities: await readCapacities(db, asked(registered)),
    });
  });
  const checks = await inBatches(nodes, newNodesAtOnce, (node) => checkNewNode(context, node));
  return fitChecks(worstFirst(accepted(checks.flat(), request.input.acceptChecks ?? [])));
}

async function newNodeContext(
  db: Db,
  cluster: ClusterConfig,
  { parallelMoves, transferMode }: PreflightRequest,
  { facts, nodes, capacities }: Seen,
): Promise<NewNodeContext> {
  const answering = new Set(capacities.flatMap((each) => ('error' in each ? [] : [each.node])));
  return {
    cluster,
    coordinator: facts,
    extensions: await readExtensions(db),
    nodes,
    workers: nodes
      .filter(({ role, node }) => role === 'worker' && answering.has(node))
      .map(({ node }) => node),
    parallelMoves,
    transferMode,
  };
}

/** Nodes that are asked for what they have: not standbys, which follow their primary. */
function asked(nodes: ClusterNode[]): string[] {
  return nodes.filter(({ role, active }) => role !== 'secondary' && active).map(({ node }) => node);
}

/** Whether each node has room for what it will receive. */
export async function checkTargets(
  cluster: ClusterConfig,
  request: PreflightRequest,
  incoming: Incoming[],
): Promise<Check[]> {
  return accepted(await diskChecks(cluster, incoming), request.input.acceptChecks ?? []);
}

function accepted(checks: Check[], ids: readonly string[]): Check[] {
  return checks.map((check) =>
    check.severity === 'blocker' && !check.ok && ids.includes(check.id)
      ? { ...check, severity: 'warning', evidence: `${check.evidence} (accepted by the request)` }
      : check,
  );
}

/** What doesn't hinder the removal of leftovers: what is away is told, and nothing is moved or registered. */
const mattersLess = ['metadata-synced', 'nodes-active', 'patroni', 'versions'];

function ofCleaning(check: Check): Check {
  return check.severity === 'blocker' && mattersLess.includes(check.id)
    ? { ...check, severity: 'warning' }
    : check;
}
