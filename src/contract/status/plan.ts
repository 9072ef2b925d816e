import type { LeftoverKind } from '../leftover.js';
import type { MoveMode, MovesByMode } from '../names.js';
import type { Balance } from './balance.js';
import type { Loss, Rung } from './rescue.js';
import type { Salvage } from './salvage.js';

/** The plan of an operation, as a person approves it. */
export interface Plan {
  /**
   * Made from the moves (shard group, from, to, and whether writes wait) and the nodes, or from what is removed where. Not from bytes, which
   * change by the second.
   */
  hash: string;
  /** The first 50 moves. */
  moves: Move[];
  /** How many moves there are, in all rounds. */
  movesTotal: number;
  /** Size of all moves. */
  bytes: number;
  /**
   * Workers that join: `host:port`, or a placeholder such as `new worker 1` for a machine that is yet to be started.
   */
  newWorkers: string[];
  /** Workers that are emptied and taken out of the cluster; the checks `machine` say what becomes of their machines. */
  removedWorkers: string[];
  /** Workers that are emptied and stay registered. */
  drainedWorkers?: string[];
  /** Workers that are put back in service. */
  restoredWorkers?: string[];
  /** Workers to which metadata sync is stopped. */
  isolatedWorkers?: string[];
  /** Workers that get the metadata again. */
  rejoinedWorkers?: string[];
  /** The server that takes a worker's place as its clone, or a part of its shards, and what that costs. */
  replacement?: Replacement;
  /** The first 50 things that `cleanUp` will remove. */
  cleanups?: Cleanup[];
  /** How many things `cleanUp` will remove. */
  cleanupsTotal?: number;
  /** Ways to get a dead worker out, the safest first, and which is taken. */
  rungs?: Rung[];
  /** What exists only on the dead workers: lost, when they are given up. */
  loss?: Loss;
  /** What a server that was given up and came back holds, and the cluster lacks. */
  salvage?: Salvage;
  /** How data lies now. */
  before: Balance;
  /** How data is going to lie. */
  after: Balance;
  /** For how long writes to a shard group are expected to wait at most; 0: no move blocks them. */
  longestStallSeconds?: number;
  /** How many of all its moves are made in which mode. */
  movesByMode?: MovesByMode;
  /** How long it may take, and what that estimate is based on. */
  estimateSeconds?: { low: number; high: number; basis: string };
}

/** A standby that takes the place of its worker, or becomes one beside it. */
export interface Replacement {
  /** `host:port` of the worker that goes, or whose shards are split. */
  node: string;
  /** `host:port` of its standby, or a placeholder for a machine that is yet to be started. */
  clone: string;
  /** Bytes of WAL that the standby had not replayed when the plan was made. */
  lagBytes?: number;
  /** For how long all statements are expected to wait. */
  heldSeconds: number;
  /** From when on there is no way back. */
  pointOfNoReturn: string;
  /** The worker stays, and the standby becomes one too: the moves go over with it, and nothing is copied. */
  splits?: true;
}

/** One thing that `cleanUp` removes. */
export interface Cleanup {
  kind: LeftoverKind;
  /** `host:port` where it is. */
  node: string;
  /** Its name on that node. */
  name: string;
  /** How: the SQL, and what to know of it. */
  how: string;
  /** What it frees. */
  bytes?: number;
}

/** One shard group (all colocated shards of one hash range) that goes from one node to another. */
export interface Move {
  /** Its shards, 20 at most. */
  shardIds: number[];
  /** Their tables, 20 at most. */
  tables: string[];
  from: string;
  to: string;
  bytes: number;
  /** `logical`: writes go on meanwhile; `blocking`: writes to this shard group wait. */
  mode: MoveMode;
}
