import { noRecovery, readOwned, soonTold } from '../../citus/hold/own-settings.js';
import { readSlot } from '../../citus/hold/slot.js';
import { hasForeignRange } from '../../citus/hold/split.js';
import { recoverTransactions } from '../../citus/leftovers/removal.js';
import { setMetadataSync } from '../../citus/nodes/metadata-sync.js';
import { readNodes } from '../../citus/nodes/nodes.js';
import { readSystemIdentifier } from '../../citus/nodes/server-facts.js';
import { deedName } from '../../citus/session/application-name.js';
import { withCoordinator, withNode, type Db } from '../../citus/session/connect.js';
import { withAnswers } from '../../citus/session/lost-answer.js';
import type { Check } from '../../contract/index.js';
import type { HoldEntry } from '../../contract/internal/undo.js';
import { passing, refused } from '../../failures.js';
import { cloneChecks } from '../preflight/cluster/replacing.js';
import { applyAcceptance } from '../preflight/severity.js';
import { patienceSeconds, waitedSeconds } from '../preflight/unreachable.js';
import { assertHeld } from '../lock/assert-held.js';
import {
  changeSession,
  clusterIn,
  ownSignal,
  ownWorkflowId,
  readSession,
  type ActivityContext,
} from '../runtime/context.js';
import { tellWaiting } from '../runtime/tell-waiting.js';
import { otherServer } from './servers.js';
import { holdTraffic, type HoldOrder, type HoldResult } from './hold-traffic.js';

/** The activities of {@link holdActivities}, as workflows call them. */
export type HoldActivities = ReturnType<typeof holdActivities>;

/** Activities that hold the traffic of a cluster. The undo ledger's activity ends a hold. */
export function holdActivities(context: ActivityContext) {
  return {
    /** Reads, under the lock, which servers are to be held while a node goes over to its clone. Changes nothing. */
    planHold: async ({
      cluster,
      lockId,
      node,
      clone,
      splits,
    }: {
      cluster: string;
      lockId: string;
      node: string;
      clone: string;
      splits?: true;
    }): Promise<HoldEntry> => {
      await assertHeld(context.client, lockId);
      const nodes = await withCoordinator(clusterIn(context, cluster), readSession('hold'), readNodes);
      const row = nodes.find(
        (each) => each.role === 'worker' && each.node.toLowerCase() === node.toLowerCase(),
      );
      if (!row)
        throw refused('PlanChanged', `${node} is no worker any more`, {
          cluster,
          evidence: [`pg_dist_node has no worker ${node}`],
          remedies: ['look who took it out'],
        });
      // A row that somebody else has made meanwhile would be taken for ours.
      if (splits && nodes.some((each) => each.node.toLowerCase() === clone.toLowerCase()))
        throw refused('PlanChanged', `${clone} is registered by now`, {
          cluster,
          evidence: [`pg_dist_node has a row for ${clone}`],
          remedies: ['look who registered it; take it out, then start again'],
        });
      const others = nodes.filter(
        ({ role, active, hasMetadata, nodeId }) =>
          role === 'worker' && active && hasMetadata && nodeId !== row.nodeId,
      );
      // Citus's own recovery comes once a minute; what is prepared for a moment longer is waited for in the hold.
      await withCoordinator(clusterIn(context, cluster), changeSession('hold'), (db) =>
        recoverTransactions(db, { node: 'the coordinator', groupId: 0 }),
      );
      const on = <T>(address: string, read: (db: Db) => Promise<T>): Promise<T> =>
        withNode(clusterIn(context, cluster), address, readSession('hold'), read);
      const server = await on(row.node, readSystemIdentifier);
      // Days may have passed since it was looked at.
      if ((await on(clone, readSystemIdentifier)) !== server) throw otherServer(cluster, { node, clone });
      const recovery = await on(clone, (db) => readOwned(db, noRecovery));
      const slot = await on(clone, readSlot);
      const before = {
        recovery,
        syncRetry: await withCoordinator(clusterIn(context, cluster), readSession('hold'), (db) =>
          readOwned(db, soonTold),
        ),
      };
      return {
        id: `hold ${row.node}`,
        kind: 'hold',
        node: row.node,
        nodeId: row.nodeId,
        clone,
        server,
        before,
        session: deedName(ownWorkflowId(), 'hold'),
        servers: [...others.map((each) => each.node), row.node, clone],
        ...(slot !== undefined && { slot }),
        ...(splits && { splits }),
      };
    },

    /** Whether a machine that was started is a streaming standby of the worker by now. Waits until it is. */
    checkClone: async ({
      cluster: name,
      acceptChecks = [],
      node,
      clone,
    }: {
      cluster: string;
      acceptChecks?: string[] | undefined;
      node: string;
      clone: string;
    }): Promise<Check[]> => {
      const cluster = clusterIn(context, name);
      const checks = await withCoordinator(cluster, readSession('preflight'), async (db) =>
        cloneChecks(cluster, await readNodes(db), { node, clone }),
      );
      const failure = checks.find(({ ok }) => !ok);
      // It runs, says whoever started it: its first WAL may be on its way.
      if (failure && waitedSeconds() < patienceSeconds) throw passing(failure.evidence);
      return applyAcceptance(checks, acceptChecks);
    },

    /**
     * Holds all traffic and has a node group live at its clone from then on, or a part of its shards, or finds that done. An
     * old server of which the place was taken is fenced then. @throws PlanChanged when the clone was promoted in vain: the old server stays in service
     */
    holdTraffic: (order: HoldOrder): Promise<HoldResult> => {
      const cluster = clusterIn(context, order.cluster);
      // Not the signal of the activity alone: what a look at the server ends must not be cut off by a cancel.
      return tellWaiting(context, cluster, [], () =>
        holdTraffic(cluster, order, {
          mayAct: () => assertHeld(context.client, order.lockId),
          stop: ownSignal(),
          look: readSession('hold', { statementTimeoutSeconds: 30 }),
          ...(order.share !== undefined && {
            split: {
              share: order.share,
              // Without a time-out: a change of metadata that is ended in the middle could hang in ROLLBACK PREPARED.
              register: changeSession('register', { statementTimeoutSeconds: 0, lockTimeoutSeconds: 1 }),
            },
          }),
        }),
      );
    },

    /**
     * Gives a worker that was a clone a range of its own for sequences, or finds that it has one: until then an insert that
     * enters there takes numbers that its source gives too.
     */
    settleSplit: ({
      cluster: name,
      lockId,
      clone,
    }: {
      cluster: string;
      lockId: string;
      clone: string;
    }): Promise<void> => {
      const cluster = clusterIn(context, name);
      const isForeign = (): Promise<boolean> =>
        withNode(cluster, clone, readSession('sequences'), hasForeignRange);
      return tellWaiting(context, cluster, [], async () => {
        if (!(await isForeign())) return;
        await withAnswers(cluster, changeSession('sync', { statementTimeoutSeconds: 0 }), async (db) => {
          await assertHeld(context.client, lockId);
          await setMetadataSync(db, clone, true);
        });
        if (await isForeign()) throw passing(`${clone} has no range of its own for sequences yet`);
      });
    },
  };
}
