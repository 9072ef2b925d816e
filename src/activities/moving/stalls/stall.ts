import type { Db } from '../../../citus/session/connect.js';
import { activePrimaries, isIsolated, readNodes } from '../../../citus/nodes/nodes.js';
import type { Advice } from '../../../contract/index.js';

/** The reason why a movement gets nowhere, for a person to read. */
export interface Stall {
  /** What makes two looks find the same, whatever figures the sentence has: `node-away db3:5432`. */
  cause: string;
  /** One sentence. */
  problem: string;
  /** The observations, a line each. */
  evidence: string[];
  /** The things that a person can do. */
  remedies: Advice[];
  /**
   * `works`: nothing is wrong, it only takes long. `heals`: it goes on by itself when the cause is gone. `anew`: it never
   * does, but may succeed when it is begun anew. `stuck`: a person must repair something or decide.
   */
  outlook: 'works' | 'heals' | 'anew' | 'stuck';
}

/** Copied bytes that are behind, and when. */
interface Lag {
  bytes: number;
  at: number;
}

/** The statement that gets nowhere. */
export interface Scene {
  /** Words for it: `move of shard 102008 from a:5432 to b:5432`. */
  what: string;
  operationId: string;
  /** `host:port` where the data comes from and goes to; a copy of reference tables goes everywhere. */
  source?: string;
  target?: string;
  /** The shards that it moves, where it moves some. */
  shardIds?: number[];
  /** Process of the statement at the coordinator, while there is one. */
  pid?: number;
  /** The lag when it last became smaller, and now. */
  lag?: { best: Lag; now: Lag };
}

/** Looks for one kind of cause; undefined when it isn't that. */
export type Diagnosis = (db: Db, scene: Scene) => Promise<Stall | undefined>;

/** The nodes that the statement works on. */
export async function nodesOf(db: Db, { source, target }: Scene): Promise<string[]> {
  const ends = [source, target].filter((node) => node !== undefined);
  return ends.length > 0 ? ends : allNodes(db);
}

/** The nodes of the cluster that can be asked; a move waits for none that is isolated. */
export async function allNodes(db: Db): Promise<string[]> {
  return activePrimaries((await readNodes(db)).filter((node) => !isIsolated(node)));
}
