import { activityInfo } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { withCoordinator } from '../citus/connect.js';
import { countShards, readRegistration } from '../citus/registration.js';
import { count } from '../planning/format.js';
import { clusterIn, session, type ActivityContext } from './context.js';
import { deregister, stillKnows } from './deregister.js';
import { assertHeld } from './hold.js';
import type { NodeRequest } from './nodes.js';

export type RemovalActivities = ReturnType<typeof removalActivities>;

/** Takes drained workers out of the cluster. */
export function removalActivities(context: ActivityContext) {
  return {
    /**
     * Deregisters an empty worker together with its copy of the metadata, or finds it gone. Refuses as long as it
     * holds a shard. Answers what a person should know of the server.
     */
    removeWorkerNode: async ({ cluster, holdId, node }: NodeRequest): Promise<{ notes: string[] }> => {
      await assertHeld(context.client, holdId);
      return withCoordinator(
        clusterIn(context, cluster),
        session('remove', { statementTimeoutSeconds: 120 }),
        async (db) => {
          const present = await readRegistration(db, node);
          if (!present) {
            // An earlier attempt did it, and was cut off before it could say so.
            const known = await stillKnows(db, node);
            const first = activityInfo().attempt === 1;
            return {
              notes: [...(first ? [`${node} was taken out by someone else`] : []), ...(known ? [known] : [])],
            };
          }
          if (present.groupId === 0) throw refused(`${node} is the coordinator`, 'find out who made it that');
          const shards = await countShards(db, present.groupId);
          if (shards > 0)
            throw refused(`${node} holds ${count(shards, 'shard')} again`, 'move them away, then retry');
          const known = await deregister(db, node, present);
          return { notes: known === undefined ? [] : [known] };
        },
      );
    },
  };
}

/** Past the point of no return nobody can cancel. */
function refused(problem: string, remedy: string): ApplicationFailure {
  return ApplicationFailure.create({
    type: 'NeedsPerson',
    message: `${problem}: it is not removed`,
    nonRetryable: true,
    details: [
      {
        evidence: [problem],
        remedies: [remedy, 'or give up: it stays in the cluster, in service as before'],
      },
    ],
  });
}
