import { setTimeout as sleep } from 'node:timers/promises';
import type { ConnectOptions, OperationRow } from '../../client/index.js';
import type { Candidate } from './at-cursor.js';

/** Nobody waits longer for a TAB. Then, as when Temporal is away, nothing is offered. */
const patienceMs = 3_000;

/** Names that Temporal knows: clusters that were operated on, operations and clusters with just one open. */
export async function namesFor(
  kind: 'cluster' | 'operation' | 'any-operation',
  where: ConnectOptions,
): Promise<Candidate[]> {
  const { ScalerClient } = await import('../../client/index.js');
  const ask = async (): Promise<Candidate[]> => {
    const client = await ScalerClient.connect(where);
    if (kind === 'cluster') return clusters(await client.list({ all: true, brief: true, limit: 200 }));
    const all = kind === 'any-operation';
    return operations(await client.list({ all, brief: true, limit: 50 }));
  };
  return Promise.race([ask().catch(() => []), sleep(patienceMs, [])]);
}

function clusters(rows: OperationRow[]): Candidate[] {
  const names = new Set(rows.map(({ cluster }) => cluster).filter((name) => name !== ''));
  return [...names].sort().map((value) => ({ value, description: 'cluster' }));
}

function operations(rows: OperationRow[]): Candidate[] {
  const open = rows.filter(({ endedAt }) => endedAt === undefined);
  const alone = clusters(open).filter(
    ({ value }) => open.filter(({ cluster }) => cluster === value).length === 1,
  );
  return [
    ...alone.map(({ value }) => ({ value, description: 'cluster with one open operation' })),
    ...rows.map(({ operation, type, state }) => ({ value: operation, description: `${type}, ${state}` })),
  ];
}
