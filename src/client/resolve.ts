import { setTimeout as sleep } from 'node:timers/promises';
import { clusterNamePattern, does, isOperationType } from '../contract/index.js';
import type { Context } from './temporal/context.js';
import { findWorkflow, isOpen } from './describe.js';
import { UnknownOperationError } from './errors.js';
import { listOperations } from './list.js';

/** Temporal's list lags behind by this much at most, where nothing is wrong. */
const listLagMs = 1_000;

/** The operation that was meant. */
interface Resolved {
  id: string;
  /** When it ended; only where a cluster's name was taken for its last operation. ISO 8601 UTC. */
  endedAt?: string;
}

/** How to read what a person names. */
export interface ResolveOptions {
  /** Where none is open on a cluster, the one that ended last is meant. */
  orLast?: boolean;
}

/**
 * The operation that a person means: its id, or the name of a cluster where just one is open.
 * @throws UnknownOperationError with the candidates
 */
export async function resolveOperation(
  context: Context,
  idOrCluster: string,
  { orLast = false }: ResolveOptions = {},
): Promise<Resolved> {
  const workflow = await findWorkflow(context, idOrCluster);
  if (workflow && isOperationType(workflow.type)) return { id: idOrCluster };
  if (!clusterNamePattern.test(idOrCluster)) {
    throw new UnknownOperationError(
      `There is no operation ${idOrCluster}.`,
      [],
      [does('list', 'see all of them', { all: true })],
    );
  }
  let open = await openOperations(context, idOrCluster);
  if (open.length === 0) {
    await sleep(listLagMs);
    open = await openOperations(context, idOrCluster);
  }
  const [only, ...others] = open;
  if (only !== undefined && others.length === 0) return { id: only };
  const last = only === undefined && orLast ? await lastOperation(context, idOrCluster) : undefined;
  if (last !== undefined) return last;
  if (only === undefined) {
    throw new UnknownOperationError(
      `There is no operation ${idOrCluster}, and ${orLast ? 'none was found' : 'no operation is open'} on a cluster ${idOrCluster}.`,
      [],
      [does('list', 'see all of them', { all: true })],
    );
  }
  throw new UnknownOperationError(
    `${open.length} operations are open on ${idOrCluster}: name the one you mean.`,
    open,
  );
}

/** The list may still show one that has just closed. */
async function openOperations(context: Context, cluster: string): Promise<string[]> {
  const rows = await listOperations(context, { cluster });
  const described = await Promise.all(rows.map(({ operation }) => findWorkflow(context, operation)));
  return rows
    .filter((_, index) => {
      const description = described[index];
      return description !== undefined && isOpen(description);
    })
    .map(({ operation }) => operation);
}

/** The one that ended last, as far back as Temporal keeps them. One that the list still shows as open has just ended. */
async function lastOperation(context: Context, cluster: string): Promise<Resolved | undefined> {
  const rows = await listOperations(context, { cluster, all: true, brief: true });
  const ends = rows.map(({ operation: id, endedAt = new Date().toISOString() }) => ({ id, endedAt }));
  const [last] = ends.sort((a, b) => b.endedAt.localeCompare(a.endedAt));
  return last;
}
