import { readConditions, type Conditions } from '../../citus/nodes/conditions.js';
import { activePrimaries, isIsolated, readNodes } from '../../citus/nodes/nodes.js';
import { readShardWriters } from '../../citus/moving/shard-writers.js';
import { withCoordinator } from '../../citus/session/connect.js';
import type { ClusterConfig } from '../../config/index.js';
import { awayStandbys } from '../preflight/servers/server-conditions.js';
import { type MoveOrder, uncancellable } from './locate-group.js';

/** A move that was ended, without effect, because writes had waited for it long enough. */
export interface Cut {
  shardId: number;
  /** A transaction that had written to the shards was open, or the copy took too long. */
  by: 'lock' | 'size';
}

/** Milliseconds for which an answer of the nodes holds. */
const answerHoldsMs = 5_000;

/**
 * Answers whether a commit waits for nobody: every node that it prepares on answers, and none waits for a standby that is
 * away. No time-out bounds a commit, so no move may block writes otherwise (measured: 8.3 s, docs/citus.md).
 */
export function commitWatch(cluster: ClusterConfig): () => Promise<boolean> {
  let last: { at: number; answer: boolean } | undefined;
  return async () => {
    if (last && Date.now() - last.at < answerHoldsMs) return last.answer;
    const answer = await withCoordinator(cluster, uncancellable('look'), async (db) => {
      const nodes = activePrimaries((await readNodes(db)).filter((node) => !isIsolated(node)));
      const conditions = await readConditions(db, nodes);
      return conditions.length === nodes.length && waitsForNobody(conditions);
    });
    last = { at: Date.now(), answer };
    return answer;
  };
}

/** Whether none of these servers waits for a standby. A role that may not see the standbys of a server can't tell. */
export function waitsForNobody(conditions: readonly Conditions[]): boolean {
  const isKnown = conditions.every(
    ({ standbyNames, standbys }) => standbyNames === null || standbys !== null,
  );
  return isKnown && awayStandbys(conditions).length === 0;
}

/** Tells why a move has reached its bound: for an open transaction that has written to its shards, or by itself. */
export async function explainCut(
  cluster: ClusterConfig,
  { shardId, shardIds, from, withinSeconds = 0 }: MoveOrder,
): Promise<Cut> {
  // One that began while the move held its locks has waited for it, not the other way round.
  const before = withinSeconds * 1.25;
  const writers = await withCoordinator(cluster, uncancellable('look'), (db) =>
    readShardWriters(db, from, shardIds, before),
  ).catch(() => []);
  return { shardId, by: writers.length > 0 ? 'lock' : 'size' };
}
