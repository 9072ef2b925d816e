export { startCluster } from './cluster/cluster.js';
export type { SandboxCluster, StartOptions } from './cluster/cluster.js';
export type { SandboxNode } from './cluster/node.js';
export { findFlavour, flavours } from './flavour.js';
export type { Flavour } from './flavour.js';
export { withClient } from './postgres/query.js';
export { findTemporal } from './temporal/find.js';
export { startTemporal } from './temporal/server.js';
