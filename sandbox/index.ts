export { startCluster, openCluster } from './cluster/cluster.js';
export type { AddNodeOptions, SandboxCluster, StartOptions } from './cluster/cluster.js';
export type { SandboxNode } from './cluster/node.js';
export { findFlavour, flavours } from './flavour.js';
export type { Flavour, FlavourChoice } from './flavour.js';
export { sweepLeftovers } from './os/sweep.js';
export { query, sqlState, withClient } from './postgres/query.js';
export type { Login } from './postgres/query.js';
export type { StopMode } from './postgres/server.js';
