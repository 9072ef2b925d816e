/** The task queue that every worker of ours polls and every caller starts workflows on. */
export const taskQueue = 'citus-scaler';

/** A cluster's name in the config. */
export const clusterNamePattern = /^[A-Za-z0-9_-]{1,64}$/;

/** How Citus copies a shard: its own words. */
export const transferModes = ['auto', 'force_logical', 'block_writes'] as const;
/** One of Citus's transfer modes. */
export type TransferMode = (typeof transferModes)[number];

/** How a shard group moves: by logical replication while writes go on, or with its writes blocked. */
export type MoveMode = 'logical' | 'blocking';
/** How many moves are made in which mode. */
export type MovesByMode = Record<MoveMode, number>;

/** Type of the workflow that reads and answers. */
export const inspectType = 'inspect';
/** Subjects of `inspect`. */
export const inspectWhats = ['health', 'preflight', 'clusters', 'moves', 'nodes'] as const;
/** One of the subjects. */
export type InspectWhat = (typeof inspectWhats)[number];
/** The workflow that keeps a cluster's lock. */
export const lockType = 'lockCluster';

/** The query that every operation answers, with an {@link OperationStatus}. */
export const statusQuery = 'status';

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
/** Name of one of our search attributes. */
export type SearchAttributeName = keyof typeof searchAttributes;
