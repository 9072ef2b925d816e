import { moveApplicationName } from '../citus/application-name.js';
import { moveStatement, readMoveProgress, type MoveProgress } from '../citus/moves.js';
import type { ClusterConfig } from '../config/index.js';
import type { Moving } from '../contract/index.js';
import { runLong, type Ending, type Stop } from './long-statement.js';

export interface MoveOrder {
  operationId: string;
  shardId: number;
  shardIds: number[];
  fromNodeId: number;
  toNodeId: number;
  transferMode: string;
  /** Whether an earlier attempt's statement still runs at the server. */
  running: boolean;
}

/** Makes one move, or adopts it. Whether the shards really are there then is for the caller to look at. */
export function makeMove(
  cluster: ClusterConfig,
  { operationId, shardId, shardIds, fromNodeId, toNodeId, transferMode, running }: MoveOrder,
  stop: Stop,
  show: (now: Partial<Moving>) => void,
): Promise<Ending> {
  const statement = {
    name: moveApplicationName(operationId, `${shardId}`),
    text: moveStatement,
    params: [shardId, fromNodeId, toNodeId, transferMode],
    running,
    watch: async (db: Parameters<typeof readMoveProgress>[0]) => {
      const now = await readMoveProgress(db, shardIds);
      if (now) show(shown(now));
    },
    silent: () => show({ message: 'the coordinator doesn’t answer' }),
  };
  return runLong(cluster, statement, stop);
}

function shown({ phase, copiedBytes, bytes, lagBytes }: MoveProgress): Partial<Moving> {
  const known = { phase, copiedBytes, bytes };
  return lagBytes === null ? known : { ...known, lagBytes };
}
