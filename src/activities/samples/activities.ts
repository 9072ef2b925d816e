import { withCoordinator } from '../../citus/session/connect.js';
import type { Sample } from '../../contract/internal/sample.js';
import { ownSignal, readSession, type ActivityContext } from '../runtime/context.js';
import { lastSample } from './last.js';
import { endSchedule } from './schedule.js';
import { takeSample } from './take.js';

/** The activities of {@link sampleActivities}, as workflows call them. */
export type SampleActivities = ReturnType<typeof sampleActivities>;

/** The activity that samples a cluster. */
export function sampleActivities(context: ActivityContext) {
  const { client } = context;
  return {
    /**
     * Samples a cluster; what nodes that don't answer held is taken from the last sample. One that the config names no more,
     * or has the samples of off, has its Schedule taken away: null.
     */
    sampleCluster: async ({ cluster: name }: { cluster: string }): Promise<Sample | null> => {
      const cluster = context.config.clusters.find((each) => each.name === name);
      if (!cluster?.samples) {
        await endSchedule(client, name);
        return null;
      }
      // Not `lastResult` of the workflow: a run that somebody triggers doesn't get it.
      const last = await lastSample(client, name);
      try {
        return await withCoordinator(cluster, readSession('sample', { statementTimeoutSeconds: 120 }), (db) =>
          takeSample(db, last),
        );
      } catch (error) {
        ownSignal().throwIfAborted();
        // What is known goes on to be known while the coordinator is away.
        if (!last) throw error;
        return { ...last, trouble: error instanceof Error ? error.message : String(error) };
      }
    },
  };
}
