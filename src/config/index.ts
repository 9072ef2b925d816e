export { clusterOf, tlsModes, UnknownClusterError } from './config.js';
export type { ClusterConfig, CommandProvisioner, Config, GovernorConfig, TlsConfig } from './config.js';
export { fieldProblem, type NewClusterField as AskedField } from './field.js';
export { liveConfig, type LiveConfig } from './live.js';
export { loadConfig } from './load.js';
export { ConfigError } from './problems.js';
export { readPassword, SecretMissingError } from './secrets.js';
export { calendarOf } from './windows.js';
