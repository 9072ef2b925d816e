import { activityInfo } from '@temporalio/activity';
import type { Deed } from '../../citus/session/application-name.js';
import type { Db } from '../../citus/session/connect.js';
import { withAnswers } from '../../citus/session/lost-answer.js';
import { findNode, readNodes } from '../../citus/nodes/nodes.js';
import { countShards, readRegistration, type Registration } from '../../citus/nodes/registration.js';
import { does, type Advice } from '../../contract/index.js';
import { needsPerson } from '../../failures.js';
import { count } from '../../text/figures.js';
import { tellWaiting } from '../runtime/tell-waiting.js';
import { clusterIn, changeSession, type ActivityContext } from '../runtime/context.js';
import { groupOf, type PatroniGroup } from '../patroni/group.js';
import { takeGroupOut } from '../patroni/let-go.js';
import { assertNothingInDoubt, deregister, awaitLeave, warningAbout } from './deregister.js';
import { assertHeld } from '../lock/assert-held.js';

/** The activities of {@link removalActivities}, as workflows call them. */
export type RemovalActivities = ReturnType<typeof removalActivities>;

/** The order to take a worker out of the cluster. */
export interface RemovalOrder {
  cluster: string;
  lockId: string;
  /** As it was registered when the removal was planned. */
  leaving: { node: string; nodeId: number; groupId: number };
  /** Patroni runs its group: all rows of it are taken out, once it has let go. */
  group?: PatroniGroup;
  /** A person has said that Patroni doesn't register the nodes. */
  withoutPatroni?: boolean;
}

/** Takes drained workers out of the cluster. */
export function removalActivities(context: ActivityContext) {
  /** Without a time-out: ended in the middle a removal could hang in ROLLBACK PREPARED. */
  const inSession = <T>(
    { cluster: name }: RemovalOrder,
    deed: Deed,
    work: (db: Db) => Promise<T>,
  ): Promise<T> => {
    const cluster = clusterIn(context, name);
    return tellWaiting(context, cluster, [], () =>
      withAnswers(cluster, changeSession(deed, { statementTimeoutSeconds: 0 }), work),
    );
  };

  const takeOut = async (
    db: Db,
    { cluster, leaving, lockId }: RemovalOrder,
    group: PatroniGroup,
  ): Promise<{ notes: string[] }> => {
    await takeGroupOut(db, clusterIn(context, cluster), group, () => assertHeld(context.client, lockId));
    await assertNothingInDoubt(db, leaving);
    return {
      notes: [
        `group ${group.groupId} is out of the cluster; the servers of it, ${group.members.map(({ node }) => node).join(', ')}, still know the cluster: drop their data before they are used again`,
      ],
    };
  };

  return {
    /**
     * Waits until nothing hinders an empty worker from leaving. Until then the operation can be cancelled, also while it
     * waits for somebody: what its session does may be ended. Answers its group, where Patroni runs that.
     */
    awaitRemovable: async (order: RemovalOrder): Promise<PatroniGroup | null> => {
      await assertHeld(context.client, order.lockId);
      return inSession(order, 'await leave', async (db) => {
        const leaving = await presentOf(db, order.leaving);
        const row = await readRegistration(db, leaving.node);
        if (row) await awaitLeave(db, leaving, activityInfo().scheduledTimestampMs);
        if (order.withoutPatroni === true) return null;
        return (await groupOf(db, clusterIn(context, order.cluster), leaving.groupId)) ?? null;
      });
    },

    /**
     * Deregisters an empty worker together with its copy of the metadata, or finds it gone. Refuses as long as it
     * holds a shard. Answers what a person should know of the server.
     */
    removeWorkerNode: (order: RemovalOrder): Promise<{ notes: string[] }> =>
      inSession(order, 'deregister', async (db) => {
        const { lockId, group } = order;
        if (group) return takeOut(db, order, group);
        const leaving = await presentOf(db, order.leaving);
        const { node } = leaving;
        const { attempt, scheduledTimestampMs } = activityInfo();
        const notes: string[] = [];
        const row = await readRegistration(db, node);
        if (row) {
          await assertEmpty(db, leaving, row);
          await deregister(db, leaving, scheduledTimestampMs, () => assertHeld(context.client, lockId));
        } else if (attempt === 1) {
          notes.push(`${node} was out of the cluster already when it was to be taken out`);
        }
        const warning = await warningAbout(db, leaving);
        return { notes: warning === undefined ? notes : [...notes, warning] };
      }),
  };
}

/** A worker that leaves, at the address that it has after a failover. */
async function presentOf(db: Db, leaving: RemovalOrder['leaving']): Promise<RemovalOrder['leaving']> {
  const row = findNode(await readNodes(db), leaving);
  return row ? { ...leaving, node: row.node } : leaving;
}

async function assertEmpty(
  db: Db,
  { node, nodeId }: RemovalOrder['leaving'],
  row: Registration,
): Promise<void> {
  if (row.groupId === 0) throw removalFailure(`${node} is the coordinator`, 'find out who made it that');
  if (row.nodeId !== nodeId)
    throw removalFailure(`${node} was registered anew since the plan was made`, 'find out who did that');
  const shards = await countShards(db, row.groupId);
  if (shards > 0)
    throw removalFailure(
      `${node} holds ${count(shards, 'shard')} again`,
      does('retry', 'move them away, then retry'),
    );
}

/** Past the point of no return nobody can cancel. */
function removalFailure(problem: string, remedy: Advice): Error {
  return needsPerson(`${problem}: it is not removed`, {
    evidence: [problem],
    remedies: [remedy, does('giveUp', 'or give up: it stays in the cluster, in service as before')],
  });
}
