import { bothWays } from '../clone-and-moves.js';
import type { Measure } from '../measure.js';

/** A worker is added under pgbench, which enters through the coordinator and through another worker: by clone, and by moves. */
export const scaleOutClone: Measure = {
  name: 'scale-out-clone',
  flavours: ['citus'],
  run: () =>
    bothWays('while a worker is added', 2, async (scaler, method, source, ready) =>
      (
        await scaler.scaleOut({
          cluster: 'demo',
          nodes: [ready],
          method,
          ...(method === 'clone' && { source }),
          approval: 'auto',
        })
      ).result(),
    ),
};
