import {
  ActivityCancellationType,
  CancellationScope,
  isCancellation,
  proxyActivities,
} from '@temporalio/workflow';
import type { GovernorActivities } from '../../activities/governor/activities.js';
import type { GovernorNews } from '../../contract/index.js';
import type { OperationRequest } from '../../contract/internal/request.js';
import type { Status } from '../operation/status.js';
import { attentionOf } from '../operation/failure.js';

/** Keeps the number of parallel moves to what the load on the cluster allows, where the config says so. */
export interface Governor {
  /** Moves at once; undefined: it has no say. */
  limit: () => number | undefined;
  /** Watches the load from now on; with another ceiling it begins anew. */
  watch: (request: OperationRequest, ceiling: number) => void;
  /** Stops watching: nothing moves, or it is over. */
  stop: () => void;
  hear: (news: GovernorNews) => void;
}

/** It changes nothing, so nobody waits for its end; it may last as long as a movement. */
const { governMoves } = proxyActivities<GovernorActivities>({
  heartbeatTimeout: '10s',
  startToCloseTimeout: '30d',
  cancellationType: ActivityCancellationType.TRY_CANCEL,
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '20s' },
});

const keptChanges = 20;

export function createGovernor(status: Status): Governor {
  let current: { scope: CancellationScope; ceiling: number } | undefined;
  let startedAt: string | undefined;
  let isUseless = false;
  let watches = 0;

  const governor: Governor = {
    limit: () => (isUseless ? undefined : status.view.governor?.parallelMoves),
    watch: (request, ceiling) => {
      if (request.governed !== true || isUseless || current?.ceiling === ceiling) return;
      const before = status.view.governor;
      // It begins with one; later, as after a pause, it goes on from where it was.
      const parallelMoves = Math.min(before?.parallelMoves ?? 1, ceiling);
      const reason = before?.reason ?? 'it begins with one and goes up while the load is low';
      status.view.governor = { figures: [], changes: [], ...before, parallelMoves, ceiling, reason };
      startedAt ??= new Date().toISOString();
      governor.stop();
      const scope = new CancellationScope();
      // The calls of an operation are numbered by themselves (calls.ts): Temporal's own numbers would meet them.
      watches += 1;
      current = { scope, ceiling };
      const order = { cluster: request.cluster, ceiling, parallelMoves, startedAt };
      scope
        .run(() =>
          governMoves.executeWithOptions({ summary: 'Watch the load', activityId: `governor-${watches}` }, [
            order,
          ]),
        )
        .then(() => giveUp('none of its figures can be read'))
        .catch((error: unknown) => {
          if (!isCancellation(error)) giveUp(attentionOf(error).problem);
        });
      status.publish();
    },
    stop: () => {
      current?.scope.cancel();
      current = undefined;
    },
    hear: ({ change, notes }) => {
      status.notes.push(...notes);
      const { governor: limits } = status.view;
      if (limits && change && current) {
        const { parallelMoves, reason, figures } = change;
        const changes = [...limits.changes, { at: new Date().toISOString(), parallelMoves, reason }];
        status.view.governor = {
          ...limits,
          parallelMoves,
          reason,
          figures,
          changes: changes.slice(-keptChanges),
        };
      }
      status.publish();
    },
  };
  return governor;

  function giveUp(why: string): void {
    isUseless = true;
    current = undefined;
    status.notes.push(`the load is not watched any more (${why}): moves run up to the ceiling`);
    const { governor: limits } = status.view;
    if (limits)
      status.view.governor = {
        ...limits,
        parallelMoves: limits.ceiling,
        reason: 'the load is not watched any more',
      };
    status.publish();
  }
}
