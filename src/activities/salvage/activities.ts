import { cancellationSignal } from '@temporalio/activity';
import { readIdentities } from '../../citus/new-server/identity.js';
import { readNodes } from '../../citus/nodes/nodes.js';
import { bringShard } from '../../citus/salvage/bring-shard.js';
import { fenceServer } from '../../citus/salvage/fence.js';
import { readReturned } from '../../citus/salvage/returned-server.js';
import { alike } from '../../citus/salvage/rows.js';
import { withNode, withCoordinator, type ConnectOptions, type Db } from '../../citus/session/connect.js';
import { withAnswers } from '../../citus/session/lost-answer.js';
import { does } from '../../contract/index.js';
import type { OperationRequest } from '../../contract/internal/request.js';
import { refused } from '../../failures.js';
import { assertHeld } from '../lock/assert-held.js';
import { changeSession, clusterIn, readSession, type ActivityContext } from '../runtime/context.js';
import { salvagePlan, type SalvagePlan } from './plan.js';
import { readSalvageTables } from './tables.js';
import { wrongServer } from './which-server.js';
import { whyNotBrought } from './why-not-brought.js';

/** The activities of {@link salvageActivities}, as workflows call them. */
export type SalvageActivities = ReturnType<typeof salvageActivities>;

/** A returned server, as the plan found it. */
export interface SalvageOrder {
  cluster: string;
  lockId: string;
  node: string;
  server: SalvagePlan['server'];
}

/** What came of a table. */
export interface BroughtTable {
  table: string;
  /** Rows there, those that the cluster had, and those that it got. */
  there: number;
  same: number;
  brought: number;
  /** Rows of which the cluster has another version. */
  conflicts: number;
  /** Shards of which nothing was brought over, and why. */
  left: { shardId: number; why: string }[];
}

/** Shards of a table of which it is told why nothing was brought over. */
const mostLeft = 20;

/** Activities that bring rows of a server that was given up and came back into the cluster. */
export function salvageActivities(context: ActivityContext) {
  const forLong = { statementTimeoutSeconds: 0 };
  /** Sessions on the coordinator and on the returned server that read and write values in the same way. */
  const withBoth = <T>(
    name: string,
    node: string,
    options: ConnectOptions,
    within: typeof withCoordinator,
    work: (here: Db, there: Db) => Promise<T>,
  ): Promise<T> => {
    const cluster = clusterIn(context, name);
    return within(cluster, options, (here) =>
      withNode(cluster, node, options, async (there) => {
        await alike(here);
        await alike(there);
        return work(here, there);
      }),
    );
  };
  const assertServer = async (
    here: Db,
    there: Db,
    { cluster, node, server }: SalvageOrder,
    mustBeFenced: boolean,
  ): Promise<void> => {
    const returned = await readReturned(there);
    const nodes = await readNodes(here);
    const known = await readIdentities(
      here,
      nodes.filter(({ role }) => role !== 'secondary').map((each) => each.node),
    );
    const wrong = wrongServer(node, returned, nodes, known)?.problem;
    const isOther =
      returned.facts.systemIdentifier !== server.systemIdentifier ||
      returned.facts.localGroup !== server.groupId;
    const isOpen = mustBeFenced && !returned.isFenced ? `${node} is not fenced any more` : undefined;
    const problem =
      wrong ?? isOpen ?? (isOther ? `${node} is another server than the one that was looked at` : undefined);
    if (problem !== undefined)
      throw refused('PlanChanged', `${problem}: nothing more was changed`, {
        cluster,
        evidence: [problem],
        remedies: [does('health', 'look how the cluster is, and ask again', { cluster })],
      });
  };

  return {
    /** Compares what is on the server with the cluster, row by row. Changes nothing. */
    planSalvage: ({ request }: { request: OperationRequest<'salvageWorker'> }): Promise<SalvagePlan> => {
      const { node, tables = [] } = request.input;
      return withBoth(request.cluster, node, readSession('plan', forLong), withCoordinator, (here, there) =>
        salvagePlan(here, there, node, tables),
      );
    },

    /**
     * Sees to it that no statement on the server reaches the cluster any more, or finds it so.
     * @throws PlanChanged when it is a node by now, or another server
     */
    fenceReturned: (order: SalvageOrder): Promise<void> =>
      withBoth(order.cluster, order.node, changeSession('salvage'), withAnswers, (here, there) =>
        fenceServer(there, async () => {
          await assertServer(here, there, order, false);
          await assertHeld(context.client, order.lockId);
        }),
      ),

    /** Brings the rows of a table over that the cluster lacks, a shard at a time, or finds that done. */
    bringTable: (order: SalvageOrder & { relation: string; named: string[] }): Promise<BroughtTable> =>
      withBoth(
        order.cluster,
        order.node,
        changeSession('salvage', forLong),
        withAnswers,
        async (here, there) => {
          await assertServer(here, there, order, true);
          const held = (await readReturned(there)).tables.filter(
            ({ relation }) => relation === order.relation,
          );
          const [table] = await readSalvageTables(here, held, order.named);
          const sum = { there: 0, same: 0, brought: 0 };
          const left: BroughtTable['left'] = [];
          for (const shard of table?.why === undefined ? (table?.shards ?? []) : []) {
            cancellationSignal().throwIfAborted();
            try {
              const came = await bringShard(here, there, shard, () =>
                assertHeld(context.client, order.lockId),
              );
              sum.there += came.there;
              sum.same += came.same;
              sum.brought += came.brought;
            } catch (error) {
              left.push({ shardId: shard.shardId, why: whyNotBrought(error) });
            }
          }
          if (table?.why !== undefined)
            left.push(...table.shards.map(({ shardId }) => ({ shardId, why: table.why ?? '' })));
          return {
            table: table?.table ?? order.relation,
            ...sum,
            conflicts: sum.there - sum.same - sum.brought,
            left: left.slice(0, mostLeft),
          };
        },
      ),
  };
}
