import type { Client } from '@temporalio/client';
import type { Db } from '../../citus/session/connect.js';
import type { ClusterConfig } from '../../config/index.js';
import type { HandedOver } from '../../contract/internal/undo.js';
import { readSession } from '../runtime/context.js';
import { readHandedOver } from './handed-over.js';
import { readHolding, type Holding } from './assert-held.js';
import { readLockId } from './lock-id.js';

/** The questions of `inspect` to a cluster's lock keepers. */
export interface LockViews {
  /** Reads which operation holds the cluster. */
  readHolding: (cluster: ClusterConfig) => Promise<Holding>;
  /** Reads what operations could not undo, and is still so. */
  readHandedOver: (cluster: ClusterConfig, db: Db) => Promise<HandedOver[]>;
}

/** Asks the lock keepers through Temporal. Reads the lock's id from the coordinator, as the observer. */
export function lockViews(client: Client): LockViews {
  const idOf = (cluster: ClusterConfig): Promise<string> =>
    readLockId(cluster, readSession('lock', { role: 'observer' }));
  return {
    readHolding: async (cluster) => readHolding(client, await idOf(cluster)),
    readHandedOver: async (cluster, db) => readHandedOver(client, await idOf(cluster), db),
  };
}
