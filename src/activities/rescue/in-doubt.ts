import { ApplicationFailure } from '@temporalio/common';
import { activeWorkers, isIsolated, type ClusterNode } from '../../citus/nodes/nodes.js';
import type { Db } from '../../citus/session/connect.js';
import type { Check } from '../../contract/index.js';
import { count } from '../../text/figures.js';
import { inDoubtOf, type InDoubt } from '../nodes/in-doubt.js';
import { listOf, passed } from '../preflight/check.js';

/** Transactions that dead workers began, and that the coordinator or another worker has prepared. */
export async function inDoubtTransactions(
  db: Db,
  nodes: readonly ClusterNode[],
  dead: readonly { node: string; groupId: number }[],
): Promise<InDoubt[]> {
  const names = new Set(dead.map(({ node }) => node));
  const others = activeWorkers(nodes).filter((worker) => !names.has(worker.node) && !isIsolated(worker));
  const all: InDoubt[] = [];
  for (const { groupId } of dead)
    all.push(
      ...(await inDoubtOf(
        db,
        others.map(({ node }) => node),
        groupId,
      )),
    );
  return all;
}

/** What becomes of them is told before anybody approves. */
export async function inDoubtChecks(
  db: Db,
  nodes: readonly ClusterNode[],
  dead: readonly { node: string; groupId: number }[],
): Promise<Check[]> {
  // In a dry run another worker may be away, too.
  const found = await inDoubtTransactions(db, nodes, dead).catch((error: unknown) => {
    if (error instanceof ApplicationFailure) return error.message;
    throw error;
  });
  if (typeof found === 'string')
    return [
      passed(
        'in-doubt-transactions',
        `whether dead workers left transactions prepared can't be told: ${found}`,
      ),
    ];
  if (found.length === 0) return [];
  return [
    passed(
      'in-doubt-transactions',
      `${count(found.length, 'transaction')} that a dead worker began ${found.length === 1 ? 'is' : 'are'} prepared on others, and nobody else knows whether they are committed: they are rolled back (${listOf(found.map(({ node, gid }) => `${gid} on ${node}`))})`,
    ),
  ];
}
