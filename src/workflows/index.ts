export { cleanUp } from './clean-up.js';
export { drainWorker } from './drain-worker.js';
export { isolateWorker } from './isolate-worker.js';
export { lockCluster } from './lock-cluster.js';
export { inspect } from './inspect.js';
export { rebalance } from './rebalance.js';
export { removeWorker } from './remove-worker.js';
export { scaleOut } from './scale-out.js';
