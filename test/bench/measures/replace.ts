import { bothWays } from '../clone-and-moves.js';
import type { Measure } from '../measure.js';

/** A worker is replaced under pgbench, which enters through the coordinator and through another worker: by clone, and by moves. */
export const replace: Measure = {
  name: 'replace',
  flavours: ['citus'],
  run: () =>
    bothWays('while a worker is replaced', 3, async (scaler, method, old, ready) =>
      (
        await scaler.replaceWorker({ cluster: 'demo', node: old, with: ready, method, approval: 'auto' })
      ).result(),
    ),
};
