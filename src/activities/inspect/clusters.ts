import type { Config } from '../../config/index.js';
import type { ClustersAnswer } from '../../contract/index.js';
import { provisionerKind } from '../../machines/provisioner-of.js';
import { formatAddress } from '../../text/address.js';
import { pageOf } from './pages.js';

/**
 * Lists the clusters of the config. Contacts nothing.
 *
 * @param url page of the Temporal UI with the operations on them
 */
export function inspectClusters({ clusters }: Config, page: number, url: string | undefined): ClustersAnswer {
  const { items, ...next } = pageOf(clusters, page);
  return {
    clusters: items.map((cluster) => ({
      name: cluster.name,
      coordinator: cluster.hosts.map((host) => formatAddress({ host, port: cluster.port })).join(', '),
      database: cluster.database,
      provisioner: provisionerKind(cluster),
      approval: cluster.approval ?? 'required',
    })),
    ...(url !== undefined && { url }),
    ...next,
  };
}
