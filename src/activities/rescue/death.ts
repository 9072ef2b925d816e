import { setTimeout as sleep } from 'node:timers/promises';
import { cancellationSignal } from '@temporalio/activity';
import { readCapacities } from '../../citus/nodes/capacity.js';
import { activeWorkers, readNodes, type ClusterNode } from '../../citus/nodes/nodes.js';
import { withCoordinator } from '../../citus/session/connect.js';
import type { ClusterConfig } from '../../config/index.js';
import type { Check } from '../../contract/index.js';
import { does } from '../../contract/index.js';
import { isBack, verdictOf, type Look } from '../../planning/life.js';
import { count } from '../../text/figures.js';
import { failed, passed } from '../preflight/check.js';
import { inBatches } from '../preflight/in-batches.js';
import { readSession } from '../runtime/context.js';
import { lookFromAllSides } from './look.js';

/** Milliseconds between two looks. */
const everyMs = 2_000;

/**
 * Looks at workers again and again, from all sides, for so many seconds: each is dead only if nobody gets an answer all the
 * time. A worker that is registered no more is dead enough.
 *
 * @param seconds 0: one look
 */
export async function deathOf(
  cluster: ClusterConfig,
  dead: readonly string[],
  seconds: number,
): Promise<Check[]> {
  const end = Date.now() + seconds * 1_000;
  const first = new Map<string, Look[]>();
  for (let looks = 1; ; looks += 1) {
    const found = await lookAtAll(cluster, dead);
    for (const [node, all] of found) {
      if (verdictOf(all) !== 'dead') return [notDead(cluster.name, node, all, looks)];
      first.set(node, all);
    }
    if (Date.now() >= end) return [...first].map(([node, all]) => isDead(node, all, looks, seconds));
    await sleep(Math.min(everyMs, Math.max(0, end - Date.now())), undefined, {
      signal: cancellationSignal(),
    });
  }
}

/** Looks in a row that a worker must have answered: one that is starting may fall again. */
const steadyLooks = 2;

/** What became of dead workers that were waited for. */
export type Return =
  | { is: 'away' }
  /** They answer; `patroni`: a sign that Patroni runs one of them. */
  | { is: 'back'; patroni?: string }
  /** One is no node any more, and its row names another server, as Patroni does that. */
  | { is: 'replaced'; node: string; by: string };

/**
 * Waits until workers answer whoever can look, from all sides and twice in a row, or until somebody else has pointed their node
 * at another server. One that is registered no more, after an earlier rescue say, has nothing to come back to.
 *
 * @param until milliseconds since the epoch
 */
export async function returnOf(
  cluster: ClusterConfig,
  dead: readonly string[],
  until: number,
): Promise<Return> {
  const before = await readNamed(cluster, dead);
  for (let answered = 0; ;) {
    const found = await lookAtAll(cluster, dead);
    if (found.size < dead.length) return replacedOf(cluster, before, found);
    answered = [...found.values()].every(isBack) ? answered + 1 : 0;
    if (answered === steadyLooks) return { is: 'back', ...(await patroniOf(cluster, [...found.keys()])) };
    if (Date.now() >= until) return { is: 'away' };
    await sleep(Math.min(everyMs, Math.max(0, until - Date.now())), undefined, {
      signal: cancellationSignal(),
    });
  }
}

async function readNamed(cluster: ClusterConfig, dead: readonly string[]): Promise<ClusterNode[]> {
  const nodes = await withCoordinator(cluster, readSession('is it dead?'), readNodes);
  return nodes.filter(({ role, node }) => role === 'worker' && dead.includes(node.toLowerCase()));
}

async function replacedOf(
  cluster: ClusterConfig,
  before: readonly ClusterNode[],
  found: ReadonlyMap<string, Look[]>,
): Promise<Return> {
  const now = await withCoordinator(cluster, readSession('is it dead?'), readNodes);
  for (const { node, nodeId } of before.filter((each) => !found.has(each.node))) {
    const by = now.find((each) => each.nodeId === nodeId)?.node;
    if (by !== undefined) return { is: 'replaced', node, by };
  }
  return { is: 'away' };
}

async function patroniOf(cluster: ClusterConfig, nodes: string[]): Promise<{ patroni?: string }> {
  const capacities = await withCoordinator(cluster, readSession('is it dead?'), (db) =>
    readCapacities(db, nodes),
  );
  const [patroni] = capacities.flatMap((each) => ('error' in each ? [] : (each.capacity.patroni ?? [])));
  return patroni === undefined ? {} : { patroni };
}

/** Dead workers that are looked at side by side; each takes some sessions on the coordinator. */
const mostAtOnce = 4;

async function lookAtAll(cluster: ClusterConfig, dead: readonly string[]): Promise<Map<string, Look[]>> {
  const options = readSession('is it dead?', { statementTimeoutSeconds: 20 });
  const nodes = await withCoordinator(cluster, options, readNodes);
  const workers = activeWorkers(nodes).map(({ node }) => node);
  const witnesses = workers.filter((node) => !dead.includes(node.toLowerCase()));
  const named = nodes.filter(({ role, node }) => role === 'worker' && dead.includes(node.toLowerCase()));
  const looks = await inBatches(
    named,
    mostAtOnce,
    async ({ node }) => [node, await lookFromAllSides(cluster, node, witnesses)] as const,
  );
  return new Map(looks);
}

function isDead(node: string, looks: readonly Look[], times: number, seconds: number): Check {
  const period = seconds > 0 ? `, ${count(times, 'time')} in ${seconds} s` : '';
  return passed('dead-worker-away', `${node} answers nobody${period}: ${linesOf(looks)}`);
}

function notDead(cluster: string, node: string, looks: readonly Look[], times: number): Check {
  const evidence = `${linesOf(looks)}${times > 1 ? ` (at the ${times}th look)` : ''}`;
  if (verdictOf(looks) === 'alive')
    return failed(
      'dead-worker-away',
      `${node} is not dead: ${evidence}`,
      does('removeWorker', 'to take a worker out that runs, empty it first; nothing is lost then', {
        cluster,
        nodes: [node],
      }),
    );
  return failed(
    'dead-worker-away',
    `whether ${node} is dead can't be told: ${evidence}`,
    'see to it that the coordinator, or the worker of citus-scaler, can look: names resolve, and the network lets them through; then ask again',
  );
}

function linesOf(looks: readonly Look[]): string {
  return looks.map(({ from, answer }) => `${from}: ${answer?.split('\n')[0] ?? 'it answers'}`).join('; ');
}
