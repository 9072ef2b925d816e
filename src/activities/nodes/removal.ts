import { activityInfo } from '@temporalio/activity';
import { withCoordinator, type Db } from '../../citus/session/connect.js';
import { countShards, readRegistration, type Registration } from '../../citus/nodes/registration.js';
import { does, type Advice } from '../../contract/index.js';
import { needsPerson } from '../../failures.js';
import { count } from '../../text/figures.js';
import { clusterIn, acting, type ActivityContext } from '../runtime/context.js';
import { deregister, untilItCanLeave, whatItLeaves } from './deregister.js';
import { assertHeld } from '../lock/held.js';

export type RemovalActivities = ReturnType<typeof removalActivities>;

export interface RemovalOrder {
  cluster: string;
  lockId: string;
  /** As it was registered when the removal was planned. */
  leaving: { node: string; nodeId: number; groupId: number };
}

/** Takes drained workers out of the cluster. */
export function removalActivities(context: ActivityContext) {
  /** Without a time-out: ended in the middle a removal could hang in ROLLBACK PREPARED. */
  const inSession = <T>({ cluster }: RemovalOrder, work: (db: Db) => Promise<T>): Promise<T> =>
    withCoordinator(clusterIn(context, cluster), acting('deregister', { statementTimeoutSeconds: 0 }), work);

  return {
    /** Waits until nothing hinders an empty worker from leaving. Until then the operation can be cancelled. */
    awaitRemovable: async (order: RemovalOrder): Promise<void> => {
      await assertHeld(context.client, order.lockId);
      await inSession(order, async (db) => {
        const present = await readRegistration(db, order.leaving.node);
        if (present) await untilItCanLeave(db, order.leaving, activityInfo().scheduledTimestampMs);
      });
    },

    /**
     * Deregisters an empty worker together with its copy of the metadata, or finds it gone. Refuses as long as it
     * holds a shard. Answers what a person should know of the server.
     */
    removeWorkerNode: (order: RemovalOrder): Promise<{ notes: string[] }> =>
      inSession(order, async (db) => {
        const { leaving, lockId } = order;
        const { node } = leaving;
        const { attempt, scheduledTimestampMs } = activityInfo();
        const notes: string[] = [];
        const present = await readRegistration(db, node);
        if (present) {
          await assertEmpty(db, leaving, present);
          await deregister(db, leaving, scheduledTimestampMs, () => assertHeld(context.client, lockId));
        } else if (attempt === 1) {
          notes.push(`${node} was out of the cluster already when it was to be taken out`);
        }
        const known = await whatItLeaves(db, leaving);
        return { notes: known === undefined ? notes : [...notes, known] };
      }),
  };
}

async function assertEmpty(
  db: Db,
  { node, nodeId }: RemovalOrder['leaving'],
  present: Registration,
): Promise<void> {
  if (present.groupId === 0) throw notRemoved(`${node} is the coordinator`, 'find out who made it that');
  if (present.nodeId !== nodeId)
    throw notRemoved(`${node} was registered anew since the plan was made`, 'find out who did that');
  const shards = await countShards(db, present.groupId);
  if (shards > 0)
    throw notRemoved(
      `${node} holds ${count(shards, 'shard')} again`,
      does('retry', 'move them away, then retry'),
    );
}

/** Past the point of no return nobody can cancel. */
function notRemoved(problem: string, remedy: Advice): Error {
  return needsPerson(`${problem}: it is not removed`, {
    evidence: [problem],
    remedies: [remedy, does('giveUp', 'or give up: it stays in the cluster, in service as before')],
  });
}
