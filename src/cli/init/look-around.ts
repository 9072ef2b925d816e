import type { Db } from '../../citus/session/connect.js';
import { readNodes, type ClusterNode } from '../../citus/nodes/nodes.js';
import { readServerFacts } from '../../citus/nodes/server-facts.js';
import { supportOf, type Support } from '../../contract/index.js';
import { UsageError } from '../problem.js';

/** A server's word on itself and on its cluster. */
export interface Around {
  /** `host:port` of the server. */
  server: string;
  /** 0 is the coordinator's. */
  group: number | null;
  nodes: ClusterNode[];
  /** What is known of its versions; absent without Citus. */
  support?: Support | undefined;
}

/** Asks a server about itself and its cluster. */
export async function lookAround(db: Db): Promise<Around> {
  const { citus, library, versionNum, localGroup } = await readServerFacts(db);
  const support =
    citus === null
      ? undefined
      : supportOf({ extension: citus, library: library ?? citus, postgres: versionNum });
  // An older catalog may lack what is read of the nodes.
  const nodes = support?.state === 'too-old' ? [] : await readNodes(db);
  return { server: db.node, group: localGroup, nodes, support };
}

/** The worker would refuse every operation. @throws UsageError that names the version */
export function refuseUnsupported({ server, support }: Around, otherwise: string): void {
  if (support?.state === 'too-old')
    throw new UsageError(`${server}: ${support.evidence}.`, ['Update Citus on every node first.', otherwise]);
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
