export { cleanUp } from './clean-up.js';
export { drainWorker } from './drain-worker.js';
export { emergencyRemoveWorker } from './emergency-remove-worker.js';
export { isolateWorker } from './isolate-worker.js';
export { lockCluster } from './lock-cluster.js';
export { inspect } from './inspect.js';
export { rebalance } from './rebalance.js';
export { removeWorker } from './remove-worker.js';
export { replaceWorker } from './replace-worker.js';
export { sampleCluster } from './sample-cluster.js';
export { salvageWorker } from './salvage-worker.js';
export { scaleOut } from './scale-out.js';
// The SDK calls the default export for a type of which there is no other.
// eslint-disable-next-line import-x/no-default-export
export { unknownType as default } from './unknown-type.js';
