import { readSystemIdentifier } from '../../citus/nodes/server-facts.js';
import { withCoordinator, type ConnectOptions } from '../../citus/session/connect.js';
import type { ClusterConfig } from '../../config/index.js';

/**
 * The workflow id of a cluster's lock keeper. Several names and addresses may mean one server, so it is made from the
 * coordinator's system identifier. A physical copy of a server has that one too: `lockName` in the config tells them apart.
 */
export async function readLockId(cluster: ClusterConfig, options: ConnectOptions): Promise<string> {
  const { hosts, port, lockName } = cluster;
  const identifier = await withCoordinator(cluster, options, readSystemIdentifier);
  // Everybody may ask for it, unless a superuser took that right away: then the address has to do.
  const server = identifier ?? `${hosts.toSorted().join(',')}:${port}`;
  return `citus-scaler/lock/${server}${lockName === undefined ? '' : `/${lockName}`}`;
}
