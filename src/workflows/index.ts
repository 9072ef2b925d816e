export { holdCluster } from './hold-cluster.js';
export { inspect } from './inspect.js';
export { scaleOut } from './scale-out.js';
