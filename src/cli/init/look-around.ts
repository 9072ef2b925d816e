import type { Db } from '../../citus/session/connect.js';
import { readLocalGroup, readNodes, type ClusterNode } from '../../citus/nodes/nodes.js';
import { UsageError } from '../problem.js';

/** What a server says of itself and of its cluster. */
export interface Around {
  /** `host:port` that was asked. */
  server: string;
  /** 0 is the coordinator's. */
  group: number | null;
  nodes: ClusterNode[];
}

export async function lookAround(db: Db): Promise<Around> {
  return { server: db.node, group: await readLocalGroup(db), nodes: await readNodes(db) };
}

/**
 * A worker knows the cluster too, and would be taken for its coordinator.
 * @throws UsageError that says where the coordinator is
 */
export function refuseWorker({ server, group, nodes }: Around, otherwise: string): void {
  if (group === null || group === 0) return;
  const coordinator = nodes.find(({ role }) => role === 'coordinator')?.node;
  const remedy =
    coordinator === undefined ? 'Name the coordinator.' : `The coordinator is registered as ${coordinator}.`;
  throw new UsageError(`${server} is a worker (node group ${group}), not the coordinator.`, [
    remedy,
    otherwise,
  ]);
}
