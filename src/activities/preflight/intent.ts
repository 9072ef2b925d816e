import type { OperationType, TransferMode } from '../../contract/index.js';

/** The intent of an operation, as far as the checks want to know it. */
export interface Intent {
  /** Servers that are to join, `host:port` in lower case. */
  joining: string[];
  /** Machines to start, when so many workers are there. */
  toStart: (workers: number) => number;
  /** Workers that are to hold no shard, `host:port` in lower case. */
  leaving: string[];
  /** Workers that are put back in service, or are to leave: what is marked or unmarked. */
  marks: boolean;
  /** Whether those that leave are taken out of the cluster. */
  deregisters: boolean;
  moves: boolean;
  /** Whether data is spread by Citus's plan for the whole cluster: it empties every node that is marked. */
  spreads: boolean;
  /** Whether just the nodes that are marked are to be emptied. */
  emptiesMarked: boolean;
  /** Whether leftovers are removed: then they are no hindrance, and a node that is away is none. */
  cleans: boolean;
  /** The worker to which metadata sync is stopped; with `undo` it gets the metadata again. */
  isolating?: { node: string; undo: boolean };
  /** The server that was given up and is back, of which rows are brought over. */
  salvaging?: string;
  /** The worker of which a standby takes a part of the shards, as far as it is named, and that standby. */
  splitting?: { source?: string; clone?: string };
  /** The worker of which the place is taken by a standby, and which; absent: a machine that is yet to be started. */
  replacing?: { node: string; clone?: string };
  /** Dead workers that are taken out, `host:port` in lower case. */
  rescuing: string[];
  /** Servers that are to take the place of a dead worker. */
  successors: string[];
}

/** The fields of an input that say so. */
export interface IntentInput {
  to?: number | undefined;
  add?: number | undefined;
  nodes?: string[] | undefined;
  node?: string | undefined;
  alsoDead?: string[] | undefined;
  standby?: string | undefined;
  restored?: string | undefined;
  with?: string | undefined;
  method?: string | undefined;
  source?: string | undefined;
  rebalance?: boolean | undefined;
  undo?: boolean | undefined;
  drainOnly?: boolean | undefined;
  dryRun?: boolean | undefined;
  acceptChecks?: string[] | undefined;
}

/** The request of an operation, as far as the checks want to know it. */
export interface PreflightRequest {
  type: OperationType;
  input: IntentInput;
  transferMode: TransferMode;
  parallelMoves: number;
  /** Moves of this workflow are not foreign. */
  operationId?: string;
}

const nothing: Intent = {
  joining: [],
  toStart: () => 0,
  leaving: [],
  marks: false,
  deregisters: false,
  moves: false,
  spreads: false,
  emptiesMarked: false,
  cleans: false,
  rescuing: [],
  successors: [],
};

/** The intent behind an operation's input. */
export function intentOf(type: OperationType, input: IntentInput): Intent {
  const nodes = [...new Set((input.nodes ?? []).map((node) => node.toLowerCase()))];
  switch (type) {
    case 'scaleOut':
      if (input.method === 'clone')
        return {
          ...nothing,
          splitting: {
            ...(input.source !== undefined && { source: input.source.toLowerCase() }),
            ...(nodes[0] !== undefined && { clone: nodes[0] }),
          },
        };
      return {
        ...nothing,
        joining: nodes,
        toStart: (present) => input.add ?? (input.to === undefined ? 0 : Math.max(0, input.to - present)),
        moves: input.rebalance !== false,
        spreads: input.rebalance !== false,
      };
    case 'rebalance':
      return { ...nothing, moves: true, spreads: true, emptiesMarked: input.drainOnly === true };
    case 'drainWorker':
      return { ...nothing, leaving: nodes, marks: true, moves: input.undo !== true };
    case 'isolateWorker': {
      const node = input.node?.toLowerCase() ?? nodes[0];
      return node === undefined ? nothing : { ...nothing, isolating: { node, undo: input.undo === true } };
    }
    case 'emergencyRemoveWorker':
      return { ...nothing, rescuing: deadIn(input), successors: successorsIn(input) };
    case 'replaceWorker':
      return replacingBy(input, nodes);
    case 'salvageWorker': {
      const node = input.node?.toLowerCase() ?? nodes[0];
      return node === undefined ? nothing : { ...nothing, salvaging: node };
    }
    case 'cleanUp':
      return { ...nothing, cleans: true };
    case 'removeWorker':
      return { ...nothing, leaving: nodes, marks: true, deregisters: true, moves: true };
  }
}

/** A preflight that isn't started names the worker, and its standby, as `nodes`. */
function replacingBy(input: IntentInput, nodes: string[]): Intent {
  const node = input.node?.toLowerCase() ?? nodes[0];
  const other = input.with?.toLowerCase() ?? nodes[1];
  if (node === undefined) return nothing;
  if (input.method !== 'move')
    return { ...nothing, replacing: { node, ...(other !== undefined && { clone: other }) } };
  return {
    ...nothing,
    leaving: [node],
    joining: other === undefined ? [] : [other],
    toStart: () => (other === undefined ? 1 : 0),
    marks: true,
    deregisters: true,
    moves: true,
  };
}

/** The dead workers that an input names. A preflight that isn't started names them as `nodes`. */
export function deadIn({ node, alsoDead = [], nodes = [] }: IntentInput): string[] {
  const named = node === undefined ? nodes : [node, ...alsoDead];
  return [...new Set(named.map((each) => each.toLowerCase()))];
}

/** Servers that an input names to take the place of a dead worker. */
export function successorsIn({ standby, restored }: Pick<IntentInput, 'standby' | 'restored'>): string[] {
  return [standby, restored].flatMap((node) => node?.toLowerCase() ?? []);
}
