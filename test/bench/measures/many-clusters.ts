import { flavours } from '../../../sandbox/flavour.js';
import { usageOf } from '../pretend.js';
import { setStage } from '../../support/stage.js';
import { drainAndRemoveEverywhere } from '../../support/together.js';
import { timed, type Measure } from '../measure.js';

const clusters = 20;

/** A drain and a removal on each of 20 clusters at once, with one worker process. */
export const manyClusters: Measure = {
  name: 'many-clusters',
  flavours,
  run: async (flavour) => {
    const stage = await setStage({ others: clusters - 1, start: { flavour } });
    try {
      const { seconds, result } = await timed(() => drainAndRemoveEverywhere(stage));
      const wrong = result.filter(({ removed }) => removed !== 'done');
      return [
        {
          what: `clusters of ${clusters} on which a drain and a removal at once didn’t end as they should`,
          value: wrong.length,
          unit: 'failed',
          goal: { atMost: 0 },
          detail:
            wrong.map(({ name, removed }) => `${name}: ${removed}`).join('; ') ||
            `${seconds.toFixed(0)} s, ${usageOf(stage.worker.pid).memory.toFixed(0)} MB of one worker process`,
        },
        {
          what: 'clusters on which two operations moved data at one moment',
          value: result.filter(({ movements }) => movements > 1).length,
          unit: 'failed',
          goal: { atMost: 0 },
        },
      ];
    } finally {
      await stage.end();
    }
  },
};
