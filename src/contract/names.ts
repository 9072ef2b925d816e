/** The task queue that every worker of ours polls and every caller starts workflows on. */
export const taskQueue = 'citus-scaler';

/** Workflow types that carry out an operation, by the name that a caller starts them with. */
export const operationTypes = ['scaleOut', 'rebalance', 'drainWorker', 'removeWorker', 'cleanUp'] as const;
export type OperationType = (typeof operationTypes)[number];

/** How Citus copies a shard: its own words. */
export const transferModes = ['auto', 'force_logical', 'block_writes'] as const;
export type TransferMode = (typeof transferModes)[number];

export const inspectType = 'inspect';
/** The workflow that keeps a cluster's lock. */
export const lockType = 'lockCluster';

/** The query that every operation answers, with an {@link OperationStatus}. */
export const statusQuery = 'status';

/** Updates that every operation takes. The arguments are in messages.ts. */
export const updateNames = [
  'approve',
  'reject',
  'pause',
  'resume',
  'retry',
  'giveUp',
  'setParallelMoves',
  'ignoreWindow',
] as const;
export type UpdateName = (typeof updateNames)[number];

/** Search attributes, and their type as the `temporal` CLI spells it. */
export const searchAttributes = {
  /** Name of the cluster in the config. */
  CitusCluster: 'Keyword',
  /** The workflow type. */
  CitusOperation: 'Keyword',
  /** The `state` of the status. */
  CitusState: 'Keyword',
  /** The nodes that it is about, `host:port`. */
  CitusNodes: 'KeywordList',
} as const;
export type SearchAttributeName = keyof typeof searchAttributes;

export function isOperationType(value: unknown): value is OperationType {
  return operationTypes.some((type) => type === value);
}
