export * from './balance.js';
export * from './errors.js';
export * from './heartbeat.js';
export * from './inputs.js';
export * from './inspect.js';
export * from './messages.js';
export * from './names.js';
export * from './status.js';
