import { moveApplicationName } from '../../citus/session/application-name.js';
import { moveStatement, readMoveProgress } from '../../citus/moving/moves.js';
import type { ClusterConfig } from '../../config/index.js';
import type { Ending, Stop } from '../runtime/run-statement.js';
import type { Scene } from './stalls/stall.js';
import { runWatched, type Show } from './watched-statement.js';

export interface MoveOrder {
  operationId: string;
  shardId: number;
  shardIds: number[];
  /** `host:port` */
  from: string;
  to: string;
  fromNodeId: number;
  toNodeId: number;
  transferMode: string;
  /** Whether an earlier attempt's statement still runs at the server. */
  running: boolean;
}

/** What gets nowhere, when a move doesn't. */
export function sceneOf({
  operationId,
  shardId,
  from,
  to,
}: Pick<MoveOrder, 'operationId' | 'shardId' | 'from' | 'to'>): Scene {
  return { what: `move of shard ${shardId} from ${from} to ${to}`, operationId, source: from, target: to };
}

/** Makes one move, or adopts it. Whether the shards really are there then is for the caller to look at. */
export function makeMove(cluster: ClusterConfig, order: MoveOrder, stop: Stop, show: Show): Promise<Ending> {
  const { operationId, shardId, shardIds, fromNodeId, toNodeId, transferMode, running } = order;
  const statement = {
    name: moveApplicationName(operationId, `${shardId}`),
    text: moveStatement,
    params: [shardId, fromNodeId, toNodeId, transferMode],
    running,
    scene: sceneOf(order),
    readProgress: (db: Parameters<typeof readMoveProgress>[0]) => readMoveProgress(db, shardIds),
  };
  return runWatched(cluster, statement, stop, show);
}
