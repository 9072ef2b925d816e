import { withCoordinator } from '../citus/connect.js';
import { readCapacities } from '../citus/capacity.js';
import { readNodes } from '../citus/nodes.js';
import { readServerFacts } from '../citus/server-facts.js';
import { readShardGroups } from '../citus/shard-groups.js';
import type { ClusterConfig } from '../config/index.js';
import type { Balance, Check, ScaleOutInput } from '../contract/index.js';
import { balanceOf } from '../planning/balance.js';
import { session } from './context.js';
import { capacityChecks, oldTransactions } from './preflight/capacity.js';
import { blocker, passed } from './preflight/check.js';
import {
  addressFits,
  isCoordinator,
  isWritable,
  noPatroni,
  noPooler,
  roleMay,
  versionsKnown,
} from './preflight/coordinator.js';
import { checkNewNode } from './preflight/new-node.js';
import { metadataSynced, nodesActive, specialNodes, versionsEqual } from './preflight/nodes.js';
import { ownerRights, replicaIdentity } from './preflight/tables.js';
import { diskChecks, type Incoming } from './preflight/targets.js';
import { foreignJob, leftovers } from './preflight/traffic.js';

export { acceptableChecks, checkIds } from './preflight/ids.js';
export type { Incoming } from './preflight/targets.js';

/** What an operation is about to do, as far as the checks want to know. */
export interface PreflightRequest {
  input: Pick<ScaleOutInput, 'to' | 'add' | 'nodes' | 'rebalance' | 'acceptChecks'>;
  transferMode: string;
  parallelMoves: number;
  /** Moves of this workflow are not foreign. */
  operationId?: string;
}

/**
 * Every check before a scale-out, worst first; changes nothing.
 * @throws what a connection to the coordinator throws
 */
export async function runPreflight(
  cluster: ClusterConfig,
  request: PreflightRequest,
): Promise<{ checks: Check[]; before?: Balance }> {
  const { input } = request;
  const wanted = (input.nodes ?? []).map((node) => node.toLowerCase());
  return withCoordinator(cluster, session('preflight', { statementTimeoutSeconds: 60 }), async (db) => {
    const facts = await readServerFacts(db);
    const first = [versionsKnown(facts), isCoordinator(facts), isWritable(facts)];
    if (first.some(({ ok }) => !ok)) return { checks: worstFirst(first) };

    const nodes = await readNodes(db);
    const asked = nodes.filter(({ role, active }) => role !== 'secondary' && active).map(({ node }) => node);
    const capacities = await readCapacities(db, asked);
    const answering = capacities.every((each) => !('error' in each));
    const job = await foreignJob(db, request.operationId);
    const newNodes = wanted.filter(
      (node) =>
        !nodes.some((each) => each.role === 'worker' && each.active && each.node.toLowerCase() === node),
    );
    const moves = input.rebalance !== false;
    const checks: Check[] = [
      ...first,
      await noPooler(db),
      noPatroni(facts),
      roleMay(facts, newNodes.length > 0 || input.nodes === undefined),
      addressFits(nodes, newNodes),
      job,
      nodesActive(nodes, capacities, wanted),
      metadataSynced(nodes),
      versionsEqual(facts, capacities),
      ...(moves ? capacityChecks(capacities, request.parallelMoves, request.transferMode) : []),
      oldTransactions(capacities),
      ...(moves ? [await replicaIdentity(db, request.transferMode), await ownerRights(db)] : []),
      await leftovers(db, capacities, !job.ok),
      ...specialNodes(nodes),
      ...provisionerNeeded(
        cluster,
        request,
        nodes.filter(({ role, active }) => role === 'worker' && active).length,
      ),
    ];
    for (const node of wanted) {
      checks.push(...(await checkNewNode({ ...request, cluster, coordinator: facts, nodes }, node)));
    }
    // Sizes are asked of every node; with one silent that would take long and tell less.
    const before = answering ? { before: balanceOf(await readShardGroups(db), nodes) } : {};
    return { checks: worstFirst(accepted(checks, input.acceptChecks ?? [])), ...before };
  });
}

/** Checks servers that have been started for this operation, before they are registered. */
export async function checkNewNodes(
  cluster: ClusterConfig,
  request: PreflightRequest,
  nodes: string[],
): Promise<Check[]> {
  const { facts, registered } = await withCoordinator(cluster, session('preflight'), async (db) => ({
    facts: await readServerFacts(db),
    registered: await readNodes(db),
  }));
  const checks: Check[] = [];
  for (const node of nodes)
    checks.push(
      ...(await checkNewNode({ ...request, cluster, coordinator: facts, nodes: registered }, node)),
    );
  return accepted(checks, request.input.acceptChecks ?? []);
}

/** Whether each node has room for what it will receive. */
export async function checkTargets(
  cluster: ClusterConfig,
  request: PreflightRequest,
  incoming: Incoming[],
): Promise<Check[]> {
  return accepted(await diskChecks(cluster, incoming), request.input.acceptChecks ?? []);
}

function provisionerNeeded(cluster: ClusterConfig, { input }: PreflightRequest, present: number): Check[] {
  const toStart = input.add ?? (input.to === undefined ? 0 : input.to - present);
  if (toStart <= 0) return [];
  return cluster.workersFrom
    ? [passed('provisioner', `${toStart} to be started by ${cluster.workersFrom.command.start[0] ?? ''}`)]
    : [
        blocker(
          'provisioner',
          `${toStart} servers are to be started, but the config of ${cluster.name} has no workersFrom`,
          'start them yourself and name them in nodes, or add workersFrom.command to the config',
        ),
      ];
}

function accepted(checks: Check[], ids: readonly string[]): Check[] {
  return checks.map((check) =>
    check.severity === 'blocker' && !check.ok && ids.includes(check.id)
      ? { ...check, severity: 'warning', evidence: `${check.evidence} (accepted)` }
      : check,
  );
}

function worstFirst(checks: Check[]): Check[] {
  const weight = ({ severity, ok }: Check): number =>
    ok ? 0 : { blocker: 3, warning: 2, info: 1 }[severity];
  return [...checks].sort((a, b) => weight(b) - weight(a));
}
