import { ApplicationFailure } from '@temporalio/common';
import { withCoordinator } from '../citus/connect.js';
import { readNodeSetting, runOnNodes } from '../citus/node-settings.js';
import { readNodes } from '../citus/nodes.js';
import { readShardGroups } from '../citus/shard-groups.js';
import { readMeasure } from '../citus/measure.js';
import type { Balance, BorrowedSetting } from '../contract/index.js';
import type { OperationRequest } from '../contract/request.js';
import { balanceOf } from '../planning/balance.js';
import { count } from '../planning/format.js';
import { unevenness } from '../planning/improvement.js';
import { clusterIn, session, type ActivityContext } from './context.js';

export type VerifyActivities = ReturnType<typeof verifyActivities>;

export interface VerifyOrder {
  request: OperationRequest<'scaleOut'>;
  newWorkers: string[];
  movesTotal: number;
  /** Unevenness before, by the strategy's measure; absent when nothing was to be moved. */
  unevenness?: number | undefined;
  /** What was borrowed and is given back by now. */
  borrowed: BorrowedSetting[];
}

export function verifyActivities(context: ActivityContext) {
  return {
    /** Looks whether the outcome is there: a finished movement need not have improved anything. @throws NotImproved */
    verifyScaleOut: (order: VerifyOrder): Promise<{ after: Balance; notes: string[]; detail: string }> =>
      withCoordinator(
        clusterIn(context, order.request.cluster),
        session('verify', { statementTimeoutSeconds: 300 }),
        async (db) => {
          const nodes = await readNodes(db);
          const groups = await readShardGroups(db);
          const after = balanceOf(groups, nodes);
          for (const worker of order.newWorkers) {
            const found = nodes.find(({ node }) => node.toLowerCase() === worker.toLowerCase());
            if (!found?.active) throw notThere(`${worker} is ${found ? 'not active' : 'not registered'}`);
            // Metadata follows within seconds; retried until it has.
            if (!found.metadataSynced)
              throw ApplicationFailure.retryable(`${worker} has not got the metadata yet`, 'Passing');
          }
          // The catalog says `active` of a dead one too.
          const asked = order.newWorkers.map((node) => ({ node, command: 'select 1' }));
          const silent = (await runOnNodes(db, asked)).find(({ success }) => !success);
          if (silent)
            throw ApplicationFailure.retryable(`${silent.node} does not answer: ${silent.result}`, 'Passing');
          const notes: string[] = [];
          for (const { node, name, before } of order.borrowed) {
            const [found] = await readNodeSetting(db, [node], name);
            if (found && !('error' in found) && found.owners !== before)
              notes.push(
                `${name} on ${node} is ${found.owners ?? 'not set'}, not as before (${before ?? 'not set'})`,
              );
          }
          if (order.unevenness === undefined)
            return {
              after,
              notes,
              detail: `${count(order.newWorkers.length, 'new worker')} registered, active and in sync`,
            };
          const eligible = nodes
            .filter(({ shouldHaveShards }) => shouldHaveShards)
            .map(({ groupId }) => groupId);
          const measure = await readMeasure(db);
          const now = unevenness(groups, eligible, measure);
          const figures = `unevenness by ${measure.name} ${percent(order.unevenness)} → ${percent(now)}`;
          if (now >= order.unevenness) throw notImproved(order.request.cluster, order.movesTotal, figures);
          return { after, notes, detail: figures };
        },
      ),
  };
}

/** (largest − smallest) over the mean. */
function percent(ratio: number): string {
  return `${Math.round(100 * ratio)} %`;
}

function notThere(problem: string): ApplicationFailure {
  return ApplicationFailure.create({
    type: 'NeedsPerson',
    message: problem,
    nonRetryable: true,
    details: [{ evidence: [problem], remedies: ['find out who took it out, then retry', 'or cancel'] }],
  });
}

function notImproved(cluster: string, moves: number, figures: string): ApplicationFailure {
  return ApplicationFailure.create({
    type: 'NotImproved',
    message: `${count(moves, 'move')} later the data is not spread better: ${figures}`,
    nonRetryable: true,
    details: [
      {
        cluster,
        evidence: [figures],
        remedies: [
          'look whether someone else moved shards or loaded data meanwhile',
          'citus-scaler health shows the balance; start again to move the rest',
        ],
      },
    ],
  });
}
