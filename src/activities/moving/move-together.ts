import { Context } from '@temporalio/activity';
import { moveName } from '../../citus/session/application-name.js';
import { withCoordinator, type Db } from '../../citus/session/connect.js';
import { moveTogetherStatement, readMoveProgress, readPlacements } from '../../citus/moving/moves.js';
import { assertHeld } from '../lock/assert-held.js';
import { waitsForPerson } from '../runtime/classify.js';
import { clusterIn, isFirstTry, type ActivityContext } from '../runtime/context.js';
import { stopsOf, type Ending } from '../runtime/run-statement.js';
import type { BatchProgress } from './batch-progress.js';
import { locateGroup, sceneOf, uncancellable } from './locate-group.js';
import { displayIn } from './move-display.js';
import { endUnlessHeld, type BatchOrder } from './move-group.js';
import type { AttentionChannel } from './stalls/attention-channel.js';
import { usualStallTimes } from './stalls/watch.js';
import { watchStatement } from './watch-statement.js';

/** The moves that were made together, by the shard that the batch names, and how long their statement took. */
export interface Together {
  made: ReadonlySet<number>;
  seconds: number;
}

const none: Together = { made: new Set(), seconds: 0 };

/**
 * Makes the moves of a batch of empty groups in one statement, so in one transaction: one after another each would wait for
 * the same locks again (measured, docs/citus.md). Where that fails none was made. Then each is made by itself, which tells
 * what is wrong with it; so do further attempts, which adopt the statement as that of its first move.
 */
export async function moveTogether(
  context: ActivityContext,
  batch: BatchOrder,
  { batchProgress, channel }: { batchProgress: BatchProgress; channel: AttentionChannel },
): Promise<Together> {
  if (!isFirstTry() || batch.transferMode !== 'block_writes') return none;
  const cluster = clusterIn(context, batch.cluster);
  const { from, to } = batch;
  const placements = await withCoordinator(cluster, uncancellable('look'), (db) =>
    readPlacements(db, batch.shardIds),
  );
  const shardIds = batch.shardIds.filter((id) =>
    placements.some(({ shardId, nodes }) => shardId === id && nodes.length === 1 && nodes[0] === from),
  );
  const [first] = shardIds;
  if (first === undefined) return none;
  const order = await locateGroup(cluster, batch, first, { alone: true });
  if (order.state !== 'to do' || order.running) return none;
  const current = batchProgress.begin(0, { from, to, tables: order.tables.slice(0, 5), bytes: 0 }, false);
  const begunAt = Date.now();
  const statement = {
    name: moveName(order.operationId, `${first}`),
    text: moveTogetherStatement,
    params: [shardIds, order.fromNodeId, order.toNodeId, batch.transferMode],
    mayBegin: () => assertHeld(context.client, batch.lockId),
    scene: sceneOf({ ...order, shardIds: [...order.shardIds, ...shardIds] }),
    readProgress: (db: Db) => readMoveProgress(db, shardIds),
  };
  let ending: Ending;
  try {
    ending = await watchStatement(cluster, statement, stopsOf(Context.current()), {
      ...displayIn(current),
      channel,
      times: context.stallTimes ?? usualStallTimes,
    });
  } catch (error) {
    if (waitsForPerson(error)) return none;
    throw error;
  }
  if (ending === 'left') await endUnlessHeld(context, batch, statement.name);
  const after =
    ending === 'ended'
      ? shardIds
      : await withCoordinator(cluster, uncancellable('look'), async (db) =>
          (await readPlacements(db, shardIds))
            .filter(({ nodes }) => nodes.includes(to))
            .map(({ shardId }) => shardId),
        );
  return { made: new Set(after), seconds: (Date.now() - begunAt) / 1_000 };
}
