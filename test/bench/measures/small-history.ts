import { loadData } from '../../../sandbox/data.js';
import { flavours } from '../../../sandbox/flavour.js';
import { secondsOf } from '../histories.js';
import type { Measure } from '../measure.js';
import { onBench, type HistoryEvent } from '../scale-out.js';

/** Twenty moves, the defaults otherwise: what Temporal keeps of it, and how soon it goes on. */
export const smallHistory: Measure = {
  name: 'small-history',
  flavours,
  run: (flavour) =>
    onBench(
      flavour,
      (cluster) => loadData(cluster, { shards: 20 }),
      async ({ cluster, scaleOut }) => {
        const nodes = [await cluster.addNode(), await cluster.addNode()].map(({ address }) => address);
        const moved = await scaleOut({ nodes, parallelMoves: 4 });
        const idle = await scaleOut({ nodes });
        return [
          {
            what: `history of a scale-out of ${moved.report.movedShardGroups} moves`,
            value: moved.events.length,
            unit: 'events',
            goal: { atMost: 150 },
          },
          {
            what: 'scale-out with nothing to move, start to result',
            value: idle.seconds,
            unit: 's',
            goal: { atMost: 2 },
          },
          {
            what: 'last move’s end to the next step',
            value: secondsAfterMoves(moved.events),
            unit: 's',
            goal: { atMost: 0.3 },
          },
        ];
      },
    ),
};

/** From the completion of the last batch of moves to the scheduling of what follows. */
function secondsAfterMoves(events: HistoryEvent[]): number {
  const batches = events.filter(
    ({ activityTaskScheduledEventAttributes: scheduled }) =>
      scheduled?.activityType?.name === 'moveShardGroups',
  );
  const ids = new Set(batches.map(({ eventId }) => String(eventId)));
  const last = events.findLastIndex(({ activityTaskCompletedEventAttributes: completed }) =>
    completed ? ids.has(String(completed.scheduledEventId)) : false,
  );
  const next = events.slice(last + 1).find((event) => event.activityTaskScheduledEventAttributes);
  return secondsOf(next) - secondsOf(events[last]);
}
