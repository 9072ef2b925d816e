import { withCoordinator } from '../../citus/session/connect.js';
import type { ClusterConfig } from '../../config/index.js';
import type { NodesAnswer } from '../../contract/index.js';
import { readSession } from '../runtime/context.js';
import { refuseUnsupported } from './refuse-unsupported.js';
import { viewNodes } from './node-views.js';
import { pageOf } from './pages.js';

/** Lists the nodes with what they hold. */
export async function inspectNodes(cluster: ClusterConfig, page: number): Promise<NodesAnswer> {
  const { views } = await withCoordinator(
    cluster,
    readSession('inspect', { role: 'observer' }),
    async (db) => {
      await refuseUnsupported(db, cluster.name);
      return viewNodes(db);
    },
  );
  const { items, ...next } = pageOf(views, page);
  return { cluster: cluster.name, nodes: items, nodesTotal: views.length, ...next };
}
