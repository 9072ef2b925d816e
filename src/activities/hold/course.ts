import { promote } from '../../citus/hold/clone.js';
import { awaitWorker, promoteAndSplit, readSplit } from '../../citus/hold/split.js';
import { awaitAddress, updateNode } from '../../citus/hold/switch.js';
import type { Db } from '../../citus/session/connect.js';
import type { HoldEntry } from '../../contract/internal/undo.js';

/** It is not a quiet moment. */
export class NotNowError extends Error {
  override readonly name = 'NotNowError';
}

/** What a hold is for: a clone takes the place of its worker, or becomes a worker beside it. */
export interface Course {
  /** In the coordinator's transaction, before the promotion: what can fail, and leaves nothing behind then. */
  prepare: (coordinator: Db) => Promise<void>;
  /** After it nothing is left but to commit. */
  promote: (coordinator: Db, standby: Db, seconds: number) => Promise<boolean>;
  /** Waits at a worker until it knows; it keeps its locks meanwhile, whatever becomes of us. */
  told: (worker: Db, milliseconds: number) => Promise<boolean>;
}

/** @param mayGo whether these shards may go to a clone that becomes a worker */
export function courseOf(
  { node, nodeId, clone, splits }: HoldEntry,
  mayGo: (shardIds: readonly number[]) => boolean,
): Course {
  if (!splits)
    return {
      prepare: (coordinator) => updateNode(coordinator, nodeId, clone),
      promote: (_, standby, seconds) => promote(standby, seconds),
      told: (worker, milliseconds) => awaitAddress(worker, nodeId, clone, milliseconds),
    };
  return {
    prepare: async (coordinator) => {
      if (!mayGo(await readSplit(coordinator, node, clone)))
        throw new NotNowError(`Citus would split the shards of ${node} otherwise than was approved`);
    },
    promote: async (coordinator, _, seconds) => {
      await promoteAndSplit(coordinator, clone, seconds);
      return true;
    },
    told: (worker, milliseconds) => awaitWorker(worker, clone, milliseconds),
  };
}
