import type { Deed } from '../../../citus/session/application-name.js';
import { withCoordinator, type Db } from '../../../citus/session/connect.js';
import { withAnswers } from '../../../citus/session/lost-answer.js';
import type { Succession } from '../../../citus/nodes/point-at.js';
import { assertHeld } from '../../lock/assert-held.js';
import { changeSession, clusterIn, readSession, type ActivityContext } from '../../runtime/context.js';
import { tellWaiting } from '../../runtime/tell-waiting.js';
import type { Verification } from '../../verify/verification.js';
import { alignReferenceTables } from './backup.js';
import { promote, removeDemoted, settle, takePlace } from './take-place.js';
import { successionOutcome } from './verify.js';

/** The activities of {@link successionActivities}, as workflows call them. */
export type SuccessionActivities = ReturnType<typeof successionActivities>;

/** The order to have a server take the place of a dead worker. */
export interface SuccessionOrder {
  cluster: string;
  lockId: string;
  succession: Succession;
}

/** Activities by which another server takes the place of a dead worker. Each may be called again. */
export function successionActivities(context: ActivityContext) {
  const held = ({ lockId }: SuccessionOrder) => assertHeld(context.client, lockId);
  const inSession = (
    order: SuccessionOrder,
    { deed, seconds }: { deed: Deed; seconds: number },
    work: (db: Db) => Promise<void>,
  ): Promise<void> => {
    const cluster = clusterIn(context, order.cluster);
    const options = changeSession(deed, { statementTimeoutSeconds: seconds });
    return tellWaiting(context, cluster, [order.succession.to], () => withAnswers(cluster, options, work));
  };
  return {
    /**
     * Promotes the standby that takes the place of a dead worker, or finds it promoted.
     * @throws PlanChanged
     */
    promoteStandby: (order: SuccessionOrder): Promise<void> => {
      const cluster = clusterIn(context, order.cluster);
      return withCoordinator(cluster, readSession('promote'), (db) =>
        promote(db, cluster, order.succession, () => held(order)),
      );
    },

    /** Gives a restored server the present rows of reference tables, or finds that it has them. */
    alignReferenceTables: (order: SuccessionOrder): Promise<void> => {
      const cluster = clusterIn(context, order.cluster);
      const options = readSession('reference rows', { statementTimeoutSeconds: 0 });
      return withCoordinator(cluster, options, (db) =>
        alignReferenceTables(db, cluster, order.succession, () => held(order)),
      );
    },

    /**
     * Points the node of a dead worker at another server, in one transaction, or finds it so.
     * @throws PlanChanged
     */
    takePlace: (order: SuccessionOrder): Promise<void> =>
      inSession(order, { deed: 'take place', seconds: 60 }, (db) =>
        takePlace(db, clusterIn(context, order.cluster), order.succession, () => held(order)),
      ),

    /** Has all nodes know of it, and removes the row by which a standby was registered. */
    settleSuccession: (order: SuccessionOrder): Promise<void> =>
      // Without a time-out: a change of metadata that is ended in the middle could hang in ROLLBACK PREPARED.
      inSession(order, { deed: 'sync', seconds: 0 }, async (db) => {
        await held(order);
        await settle(db, order.succession);
        await removeDemoted(db, order.succession);
      }),

    /** The server is in the place of the dead worker, and every node that answers knows it. */
    verifySuccession: async (order: SuccessionOrder): Promise<Verification> => {
      await held(order);
      const options = readSession('verify', { statementTimeoutSeconds: 300 });
      return withCoordinator(clusterIn(context, order.cluster), options, (db) =>
        successionOutcome(db, order.succession),
      );
    },
  };
}
