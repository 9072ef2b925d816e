import type { Config } from '../../config/index.js';
import type { ClustersAnswer } from '../../contract/index.js';
import { formatAddress } from '../../text/address.js';
import { pageOf } from './pages.js';

export function inspectClusters({ clusters }: Config, page: number): ClustersAnswer {
  const { items, ...next } = pageOf(clusters, page);
  return {
    clusters: items.map(({ name, hosts, port, database, workersFrom, approval }) => ({
      name,
      coordinator: hosts.map((host) => formatAddress({ host, port })).join(', '),
      database,
      provisioner: workersFrom ? 'command' : 'none',
      approval: approval ?? 'required',
    })),
    ...next,
  };
}
