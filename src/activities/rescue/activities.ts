import { withCoordinator, type Db } from '../../citus/session/connect.js';
import { withAnswers } from '../../citus/session/lost-answer.js';
import type { Check } from '../../contract/index.js';
import type { OperationRequest } from '../../contract/internal/request.js';
import { secondsOf } from '../../text/duration.js';
import { assertHeld } from '../lock/assert-held.js';
import { deadIn } from '../preflight/intent.js';
import { endLingering } from '../patroni/let-go.js';
import {
  changeSession,
  clusterIn,
  ownWorkflowId,
  readSession,
  type ActivityContext,
} from '../runtime/context.js';
import { tellWaiting } from '../runtime/tell-waiting.js';
import type { Verification } from '../verify/verification.js';
import { lastSample } from '../samples/last.js';
import { deathOf, returnOf, type Return } from './death.js';
import { fence } from './fence.js';
import { forgetDead, type ForgetOrder } from './forget.js';
import { rescuePlan, type RescuePlan } from './plan.js';
import { dropStandIns, tidyAfter, type TidyOrder } from './tidy.js';
import { assertAlike, rescueOutcome, type VerifyRebuiltOrder, type VerifyRescueOrder } from './verify.js';

export type { RescuePlan } from './plan.js';
/** The activities of {@link rescueActivities}, as workflows call them. */
export type RescueActivities = ReturnType<typeof rescueActivities>;

/** What a worker must have answered nobody for, where the request doesn't say it. */
const usualDeath = '30s';

/** Activities that take dead workers out. */
export function rescueActivities(context: ActivityContext) {
  const inVerification = async <T>(
    { request }: Pick<VerifyRescueOrder, 'request'>,
    look: (db: Db) => Promise<T>,
  ): Promise<T> => {
    await assertHeld(context.client, request.lockId);
    const options = readSession('verify', { statementTimeoutSeconds: 300 });
    return withCoordinator(clusterIn(context, request.cluster), options, look);
  };
  return {
    /** Looks at the named workers from all sides, as long as the request says. Changes nothing. */
    confirmDeath: ({ request }: { request: OperationRequest<'emergencyRemoveWorker'> }): Promise<Check[]> => {
      const { input } = request;
      const seconds = input.dryRun === true ? 0 : secondsOf(input.deadFor ?? usualDeath);
      return deathOf(clusterIn(context, request.cluster), deadIn(input), seconds);
    },

    /** Waits until the named workers answer everybody, or Patroni has replaced one, at most until then. Changes nothing. */
    awaitReturn: ({
      request,
      until,
    }: {
      request: OperationRequest<'emergencyRemoveWorker'>;
      until: string;
    }): Promise<Return> =>
      returnOf(clusterIn(context, request.cluster), deadIn(request.input), Date.parse(until)),

    /** Plans by which way they get out, and what is lost. Changes nothing. */
    planRescue: async ({
      request,
    }: {
      request: OperationRequest<'emergencyRemoveWorker'>;
    }): Promise<RescuePlan> => {
      const cluster = clusterIn(context, request.cluster);
      const sample = await lastSample(context.client, cluster.name);
      return withCoordinator(cluster, readSession('plan', { statementTimeoutSeconds: 300 }), (db) =>
        rescuePlan(db, cluster, request, sample),
      );
    },

    /**
     * Takes dead workers out in one transaction, or finds them out.
     * @throws PlanChanged
     */
    forgetDeadWorkers: (order: ForgetOrder): Promise<void> => {
      const cluster = clusterIn(context, order.cluster);
      // Without a time-out: a change of metadata that is ended in the middle could hang in ROLLBACK PREPARED.
      const options = changeSession('deregister', { statementTimeoutSeconds: 0 });
      return tellWaiting(context, cluster, [], () =>
        withAnswers(cluster, options, async (db) => {
          if (order.patroni) await endLingering(db, cluster);
          await forgetDead(db, order, () => assertHeld(context.client, order.lockId), ownWorkflowId());
        }),
      );
    },

    /** Ends what dead workers have left on the others. Answers what a person should know. */
    tidyAfterDead: async (order: TidyOrder): Promise<{ notes: string[] }> => {
      const cluster = clusterIn(context, order.cluster);
      return {
        notes: await withAnswers(cluster, changeSession('clean up'), async (db) => {
          await assertHeld(context.client, order.lockId);
          return tidyAfter(db, order);
        }),
      };
    },

    /** Stops the machine of a dead worker, where a program can. Answers what became of it. */
    fenceDead: async ({
      cluster,
      lockId,
      node,
    }: {
      cluster: string;
      lockId: string;
      node: string;
    }): Promise<{ became: string }> => {
      await assertHeld(context.client, lockId);
      return { became: await fence(context.config, clusterIn(context, cluster), node) };
    },

    /** Drops the empty tables that stood for lost shards. Answers what could not be dropped. */
    dropStandIns: async ({
      cluster,
      lockId,
    }: {
      cluster: string;
      lockId: string;
    }): Promise<{ notes: string[] }> => ({
      notes: await withAnswers(
        clusterIn(context, cluster),
        changeSession('clean up', { statementTimeoutSeconds: 60 }),
        async (db) => {
          await assertHeld(context.client, lockId);
          return dropStandIns(db);
        },
      ),
    }),

    /** Shards that were made anew are like their siblings in the catalog of their node. */
    verifyRebuilt: (order: VerifyRebuiltOrder): Promise<void> =>
      inVerification(order, (db) => assertAlike(db, order.shardIds)),

    /** The dead workers are out, and every shard is on a worker. */
    verifyRescue: (order: VerifyRescueOrder): Promise<Verification> =>
      inVerification(order, (db) => rescueOutcome(db, order)),
  };
}
