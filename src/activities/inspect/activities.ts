import { inspectInput } from '../../contract/schema/inputs.js';
import { plainWords } from '../../contract/schema/plain-words.js';
import type { InspectAnswer, InspectInput } from '../../contract/index.js';
import { clusterOf } from '../../config/index.js';
import { inspectClusters } from './clusters.js';
import { inspectHealth } from './health.js';
import { inspectMoves } from './moves.js';
import { inspectNodes } from './nodes.js';
import { inspectPreflight } from './preflight.js';
import type { LockViews } from '../lock/lock-views.js';
import { problemsIn } from '../../contract/schema/problems.js';
import { invalidInput, clusterNameIn } from '../operation/input-problems.js';
import { operationsPage, type Pages } from '../operation/temporal-pages.js';

/** The activities of {@link inspectActivities}, as workflows call them. */
export type InspectActivities = ReturnType<typeof inspectActivities>;

/**
 * The activity that answers questions about clusters. It runs at the worker, so that secrets stay there; it takes no
 * lock and changes nothing.
 *
 * @param locks what is asked of the clusters' lock keepers
 */
export function inspectActivities(context: Pages, locks: LockViews) {
  return {
    /** @throws InvalidInput, UnknownCluster */
    inspect: async ({ input }: { input: InspectInput }): Promise<InspectAnswer> => {
      const result = inspectInput.safeParse(input, { error: plainWords });
      if (!result.success) throw invalidInput(clusterNameIn(input), problemsIn(result.error));
      const { what, cluster: name, page = 1, nodes } = result.data;
      const { config } = context;
      if (what === 'clusters') return inspectClusters(config, page, operationsPage(context));
      if (name === undefined) throw invalidInput(undefined, [{ field: 'cluster', text: 'required' }]);
      const cluster = clusterOf(config, name);
      switch (what) {
        case 'health':
          return inspectHealth(cluster, page, locks);
        case 'preflight':
          return inspectPreflight(cluster, result.data.for ?? 'scaleOut', nodes ?? [], page, () =>
            locks.readHolding(cluster).then((holding) => holding !== 'nobody'),
          );
        case 'nodes':
          return inspectNodes(cluster, page);
        case 'moves':
          return inspectMoves(cluster, page);
      }
    },
  };
}
