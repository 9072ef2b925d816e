import { MockActivityEnvironment } from '@temporalio/testing';
import { expect } from 'vitest';
import { startCluster, type SandboxCluster } from '../../../sandbox/index.js';
import { runPreflight, type PreflightRequest } from '../../../src/activities/preflight/run-preflight.js';
import type { Check } from '../../../src/contract/index.js';
import { flavour } from '../../support/stage.js';
import { configOf } from '../connect/support.js';

/** Two workers with a table `orders` of four shards. */
export async function startWithOrders(): Promise<SandboxCluster> {
  const cluster = await startCluster({ workers: 2, flavour });
  await cluster.query(`CREATE TABLE orders (id bigint PRIMARY KEY, note text)`);
  await cluster.query(`SELECT create_distributed_table('orders', 'id', shard_count := 4)`);
  return cluster;
}

/** Checks run as part of an activity: their sessions bear its workflow's name. */
export function asActivity<T>(work: () => Promise<T>): Promise<T> {
  return new MockActivityEnvironment().run(work);
}

export const request = (
  input: PreflightRequest['input'] = {},
  more: Partial<PreflightRequest> = {},
): PreflightRequest => ({ type: 'scaleOut', input, transferMode: 'auto', parallelMoves: 2, ...more });

export type Wishes = [
  input?: PreflightRequest['input'],
  more?: Partial<PreflightRequest>,
  coordinator?: object,
];

/** The checks of a cluster before an operation, a scale-out unless something else is wished. */
export async function preflightOf(
  cluster: SandboxCluster,
  ...[input = { nodes: [] }, more = {}, coordinator = {}]: Wishes
): Promise<Check[]> {
  const config = configOf(cluster, { coordinator });
  return (await asActivity(() => runPreflight(config, request(input, more)))).checks;
}

/** The checks of that id; there is one at least. */
export function checksOf(checks: Check[], id: string): Check[] {
  const found = checks.filter((check) => check.id === id);
  expect(found, `a check ${id} among ${checks.map((check) => check.id).join(', ')}`).not.toEqual([]);
  return found;
}

export function checkOf(checks: Check[], id: string): Check {
  const [first] = checksOf(checks, id);
  if (!first) throw new Error(id);
  return first;
}

/** What failed. That nobody has tried a combination of versions yet is no reason to fail the first who tries. */
export const failing = (checks: Check[]): string[] =>
  checks
    .filter(({ ok }) => !ok)
    .map(({ id, severity }) => `${severity} ${id}`)
    .filter((name) => name !== 'warning supported-versions');
