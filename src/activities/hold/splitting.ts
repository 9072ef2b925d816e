import { addClone, readClone, readSplit } from '../../citus/hold/split.js';
import { readNodes } from '../../citus/nodes/nodes.js';
import { withCoordinator, type ConnectOptions } from '../../citus/session/connect.js';
import { withAnswers } from '../../citus/session/lost-answer.js';
import { readShardGroups } from '../../citus/tables/shard-groups.js';
import type { ClusterConfig } from '../../config/index.js';
import type { HoldEntry } from '../../contract/internal/undo.js';
import { refused } from '../../failures.js';
import { isApprovedShare, shareOf } from '../../planning/split.js';

/** What a clone may become, and how its row is made. */
export interface SplitOrder {
  /** The part of the source's data that was approved to go, from 0 to 1. */
  share: number;
  /** Options of the session that registers the clone. What waits for its lock makes writes to reference tables wait. */
  register: ConnectOptions;
}

/**
 * Has a clone registered, or finds it so, and looks whether Citus would split the shards as far as that is approved.
 *
 * @returns whether these shards may go to the clone; `not now`: a transaction is in the way of its registration
 * @throws PlanChanged when Citus would split them otherwise
 */
export async function prepareSplit(
  cluster: ClusterConfig,
  { node, nodeId, clone }: HoldEntry,
  { share, register }: SplitOrder,
  { mayAct, look }: { mayAct: () => Promise<void>; look: ConnectOptions },
): Promise<((shardIds: readonly number[]) => boolean) | 'not now'> {
  try {
    if (!(await withCoordinator(cluster, look, (db) => readClone(db, clone))))
      await withAnswers(cluster, register, async (db) => {
        await mayAct();
        await addClone(db, clone, node);
      });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === '55P03') return 'not now';
    throw error;
  }
  const [groups, split, groupId] = await withCoordinator(cluster, look, async (db) => [
    await readShardGroups(db),
    await readSplit(db, node, clone),
    (await readNodes(db)).find((each) => each.nodeId === nodeId)?.groupId ?? -1,
  ]);
  const mayGo = (shardIds: readonly number[]): boolean =>
    isApprovedShare(shareOf(groups, groupId, shardIds), share);
  if (mayGo(split)) return mayGo;
  const percent = (part: number): string => `${Math.round(part * 100)} %`;
  throw refused('PlanChanged', `the shards of ${node} would be split otherwise than was approved`, {
    cluster: cluster.name,
    evidence: [
      `${percent(shareOf(groups, groupId, split))} of its data would go to ${clone}, and ${percent(share)} were approved`,
    ],
    remedies: ['start again for a new plan: nothing has changed'],
  });
}
