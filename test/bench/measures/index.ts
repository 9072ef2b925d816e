import type { Measure } from '../measure.js';
import { bigShards } from './big-shards.js';
import { cliStart } from './cli-start.js';
import { deadWorker } from './dead-worker.js';
import { drain } from './drain.js';
import { governed } from './governed.js';
import { largeCluster } from './large-cluster.js';
import { longMove } from './long-move.js';
import { manyClusters } from './many-clusters.js';
import { nobodyThere } from './nobody-there.js';
import { replace } from './replace.js';
import { scaleOutClone } from './scale-out-clone.js';
import { smallHistory } from './small-history.js';
import { smallShards } from './small-shards.js';
import { waiting } from './waiting.js';

/** What `npm run bench` measures, in this order. */
export const measures: readonly Measure[] = [
  smallShards,
  bigShards,
  governed,
  drain,
  replace,
  scaleOutClone,
  deadWorker,
  smallHistory,
  largeCluster,
  longMove,
  manyClusters,
  waiting,
  cliStart,
  nobodyThere,
];
