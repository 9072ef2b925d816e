import { withCoordinator } from '../../citus/session/connect.js';
import { readShardGroups } from '../../citus/tables/shard-groups.js';
import type { ClusterConfig } from '../../config/index.js';
import type { MovesAnswer } from '../../contract/index.js';
import { readSession } from '../runtime/context.js';
import { planMoves, viewOf } from '../plan/group-moves.js';
import { chooseModes } from '../plan/move-modes.js';
import { pageOf } from './pages.js';
import { refuseUnsupported } from './refuse-unsupported.js';

/** Lists the moves that Citus's planner would make now. */
export async function inspectMoves(cluster: ClusterConfig, page: number): Promise<MovesAnswer> {
  const moves = await withCoordinator(
    cluster,
    readSession('inspect', { role: 'observer', statementTimeoutSeconds: 120 }),
    async (db) => {
      await refuseUnsupported(db, cluster.name);
      const planned = await planMoves(db, await readShardGroups(db));
      return (await chooseModes(db, { transferMode: cluster.movement.transferMode, input: {} }, planned))
        .moves;
    },
  );
  const { items, ...next } = pageOf(moves.map(viewOf), page);
  return { cluster: cluster.name, moves: items, movesTotal: moves.length, ...next };
}
