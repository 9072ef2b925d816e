/** One operation: what front ends, lists and messages know of it. Its input stands in schema/inputs.ts. */
interface OperationFacts {
  /** The command that starts it. */
  command: string;
  /** What the list of commands says of it. */
  summary: string;
  /** What the one line for the Temporal UI begins with; the cluster's name follows. */
  verb: string;
  /** Whether it moves data: then windows, the load and the number of parallel moves bind it. */
  moves: boolean;
  /** Whether its moves wait neither for a window nor for the load: the data that they bring back is missing till then. */
  urgent?: true;
  /** What becomes of the `nodes` that its input names. */
  nodes?: 'join' | 'leave';
}

/** Workflow types that carry out an operation, by the name that a caller starts them with. */
export const operations = {
  /**
   * Adds workers and spreads the data over them. By `move` it can be cancelled at any time: moved shards stay where they
   * are, and a new worker that holds none leaves again. By `clone` a standby of a worker keeps a part of its shards as a
   * worker of its own, and nothing is copied; it can be cancelled until that standby is promoted.
   */
  scaleOut: {
    command: 'scale-out',
    summary: 'add workers and spread the data over them',
    verb: 'Scale out',
    moves: true,
    nodes: 'join',
  },
  /** Evens out the data, by a strategy of Citus. It can be cancelled at any time: moved shards stay where they are. */
  rebalance: {
    command: 'rebalance',
    summary: 'even out the data',
    verb: 'Rebalance',
    moves: true,
  },
  /**
   * Empties workers, which stay registered; with `undo` it puts them back in service instead. It can be cancelled at any
   * time: the workers are in service again as before, and moved shards stay where they are.
   */
  drainWorker: {
    command: 'drain',
    summary: 'empty workers, or put them back in service',
    verb: 'Drain',
    moves: true,
    nodes: 'leave',
  },
  /**
   * Empties workers by one plan, then deregisters them one by one and stops their machines. A deregistration can't be
   * undone: a cancel stops before the next one, and the workers that are still registered are in service again. During
   * the last one a cancel is refused.
   */
  removeWorker: {
    command: 'remove',
    summary: 'empty workers and take them out of the cluster',
    verb: 'Remove from',
    moves: true,
    nodes: 'leave',
  },
  /**
   * Takes a dead worker out of the cluster by the safest way that works, and never loses a row that could be kept: it
   * holds no shard of its own; its standby, or a server that was restored from its backup, takes its place; or, when what
   * only it holds is given up by a sentence that names it, its shards are made anew, empty, on the others. It can be
   * cancelled until the worker is taken out, or its standby promoted.
   */
  emergencyRemoveWorker: {
    command: 'emergency-remove',
    summary: 'take a dead worker out by the safest way that works',
    verb: 'Emergency removal from',
    moves: true,
    urgent: true,
    nodes: 'leave',
  },
  /**
   * Stops metadata sync to a dead worker, so that the rest of the cluster can move, add and change; with `undo` it starts
   * the sync again once the worker is back. It moves nothing, and what lies on the worker stays where it is. It can be
   * cancelled at any time.
   */
  isolateWorker: {
    command: 'isolate',
    summary: 'keep a dead worker out of the way of the others, or take it back',
    verb: 'Isolate a worker of',
    moves: false,
    nodes: 'leave',
  },
  /**
   * Puts another server in the place of a worker. By `clone` that is a streaming standby of it: for about half a second all
   * traffic is held, the standby takes over, and no shard moves. By `move` the shards move from one to the other. It can be
   * cancelled until the standby has taken over, or the old worker is deregistered.
   */
  replaceWorker: {
    command: 'replace',
    summary: 'put another server in the place of a worker',
    verb: 'Replace a worker of',
    moves: true,
    nodes: 'leave',
  },
  /**
   * Brings the rows that only a server has which was given up and came back into the shards that were made anew. The server
   * is fenced first. Rows that the cluster has are never overwritten. It can be cancelled at any time: what was brought over
   * stays, the server stays fenced, and the next run goes on from there.
   */
  salvageWorker: {
    command: 'salvage',
    summary: 'bring over the rows of a worker that was given up and is back',
    verb: 'Salvage for',
    moves: false,
  },
  /**
   * Removes what earlier moves and operations left on nodes. It can be cancelled at any time: what was removed stays
   * removed, and the next clean-up finds the rest.
   */
  cleanUp: {
    command: 'clean',
    summary: 'remove what earlier moves left behind',
    verb: 'Clean up',
    moves: false,
  },
} as const satisfies Record<string, OperationFacts>;

/** Workflow type of an operation. */
export type OperationType = keyof typeof operations;

/** All types, in the order of the table. */
export const operationTypes = Object.keys(operations) as OperationType[];

/** The row of an operation. */
export function operationFacts(type: OperationType): OperationFacts {
  return operations[type];
}

/** Whether it is the type of an operation. */
export function isOperationType(value: unknown): value is OperationType {
  return operationTypes.some((type) => type === value);
}
