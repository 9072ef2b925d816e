import { cancellationSignal } from '@temporalio/activity';
import type { Db } from '../../citus/session/connect.js';
import { withAnswers } from '../../citus/session/lost-answer.js';
import { cleanUpByCitus } from '../../citus/leftovers/removal.js';
import { activePrimaries, readNodes, type ClusterNode } from '../../citus/nodes/nodes.js';
import { readShardGroupsWithin } from '../../citus/tables/shard-groups.js';
import type { Plan } from '../../contract/index.js';
import type { OperationRequest } from '../../contract/internal/request.js';
import { balanceOf, withoutSizes } from '../../planning/balance.js';
import { count } from '../../text/figures.js';
import { clusterIn, changeSession, type ActivityContext } from '../runtime/context.js';
import { assertHeld } from '../lock/assert-held.js';
import { findLeftovers, type LeftoverReport } from './find.js';
import { keyOf, type Finding, type Item } from './finding.js';
import { planRemovals } from './plan.js';
import { findTemporarySettings } from './temporary-settings.js';
import { removeAll } from './remove-all.js';

/** The activities of {@link cleanUpActivities}, as workflows call them. */
export type CleanUpActivities = ReturnType<typeof cleanUpActivities>;

/** The plan of a clean-up. */
export interface CleanUpPlan {
  plan: Plan;
  /** All that the plan covers. */
  items: Item[];
  notes: string[];
}

/** The cluster to clean, and the lock that the operation holds. */
export interface CleanUpOrder {
  cluster: string;
  lockId: string;
}

/** Finds and removes what earlier moves and operations left on nodes. */
export function cleanUpActivities(context: ActivityContext) {
  const inSession = <T>(cluster: string, work: (db: Db) => Promise<T>): Promise<T> =>
    withAnswers(
      clusterIn(context, cluster),
      changeSession('clean up', { statementTimeoutSeconds: 300 }),
      work,
    );

  return {
    /** Plans what is removed, and notes what is left alone. Changes nothing. */
    planCleanUp: ({ request }: { request: OperationRequest<'cleanUp'> }): Promise<CleanUpPlan> =>
      inSession(request.cluster, async (db) => {
        const { nodes, report } = await findAll(db);
        const { groups, hasSizes } = await readShardGroupsWithin(db, 10);
        const sized = balanceOf(groups, nodes);
        const balance = hasSizes ? sized : withoutSizes(sized);
        const { plan, ...more } = planRemovals(report);
        return { ...more, plan: { ...plan, before: balance, after: balance } };
      }),

    /** Has Citus clean up what it can by itself; its warnings become notes. */
    letCitusCleanUp: ({ cluster, lockId }: CleanUpOrder): Promise<{ notes: string[] }> =>
      inSession(cluster, async (db) => {
        await assertHeld(context.client, lockId);
        const warnings = await cleanUpByCitus(db);
        return { notes: [...new Set(warnings)].slice(0, 10).map((warning) => `Citus: ${warning}`) };
      }),

    /** Removes what the plan covers, each thing looked at again before. */
    removeLeftovers: async ({
      cluster,
      lockId,
      items,
    }: CleanUpOrder & { items: Item[] }): Promise<{ notes: string[] }> =>
      inSession(cluster, (db) =>
        removeAll(db, items, {
          find: async () => (await findAll(db)).report.leftovers,
          mayAct: async () => {
            cancellationSignal().throwIfAborted();
            await assertHeld(context.client, lockId);
          },
        }),
      ),

    /** Looks again, and notes what is still there. */
    verifyCleanUp: ({
      cluster,
      items,
    }: {
      cluster: string;
      items: Item[];
    }): Promise<{ detail: string; notes: string[] }> =>
      inSession(cluster, async (db) => {
        const { report } = await findAll(db);
        const keys = new Set(items.map(keyOf));
        const remaining = report.leftovers.filter((finding) => keys.has(keyOf(finding)));
        const away = new Set(report.silent.map(({ node }) => node));
        const unknown = items.filter(({ node }) => away.has(node));
        return {
          detail: `${items.length - remaining.length - unknown.length} of ${count(items.length, 'leftover')} gone`,
          notes: [...remaining.map(describeRemaining), ...unknown.map(describeUnknown)],
        };
      }),
  };
}

async function findAll(db: Db): Promise<{ nodes: ClusterNode[]; report: LeftoverReport }> {
  const nodes = await readNodes(db);
  const addresses = activePrimaries(nodes);
  const report = await findLeftovers(db, nodes, addresses);
  const silent = new Set(report.silent.map(({ node }) => node));
  const answering = addresses.filter((node) => !silent.has(node));
  return {
    nodes,
    report: {
      ...report,
      leftovers: [...report.leftovers, ...(await findTemporarySettings(db, nodes, answering))],
    },
  };
}

function describeRemaining({ kind, node, name, how }: Finding): string {
  return `still there: ${kind} ${name} on ${node}: ${how}`;
}

function describeUnknown({ kind, node, name }: Item): string {
  return `not removed, for ${node} doesn't answer: ${kind} ${name}; clean again when it is back`;
}
