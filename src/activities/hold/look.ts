import { readWal } from '../../citus/hold/clone.js';
import { giveBack, noRecovery, soonTold } from '../../citus/hold/own-settings.js';
import { readAddress } from '../../citus/hold/switch.js';
import { withCoordinator, withNode, type ConnectOptions } from '../../citus/session/connect.js';
import type { ClusterConfig } from '../../config/index.js';
import type { HoldEntry } from '../../contract/internal/undo.js';
import { endHold, fence, reaching } from './servers.js';

/** How far a switch got; `spent`: the clone is promoted, and nobody was switched to it. */
export type HoldState = 'switched' | 'spent' | 'untouched';

/** Ends what earlier attempts have at the servers, and looks how far they got. Nothing of them takes effect after it. */
export async function lookAtHold(
  cluster: ClusterConfig,
  entry: HoldEntry,
  options: ConnectOptions,
): Promise<HoldState> {
  await endHold(cluster, entry, options);
  const address = await withCoordinator(cluster, options, (db) => readAddress(db, entry.nodeId));
  if (address?.toLowerCase() === entry.clone.toLowerCase()) return 'switched';
  return (await isStandby(cluster, entry.clone, options)) ? 'untouched' : 'spent';
}

/** Whether a clone still follows. One that was fenced doesn't. */
async function isStandby(cluster: ClusterConfig, clone: string, options: ConnectOptions): Promise<boolean> {
  try {
    return await withNode(
      reaching(cluster, clone),
      clone,
      options,
      async (db) => (await readWal(db)).inRecovery,
    );
  } catch (error) {
    if (error instanceof Error && /is not currently accepting connections/.test(error.message)) return false;
    throw error;
  }
}

/**
 * Brings both servers to where they belong. Whichever isn't in service is made harmless: the old one would go on writing into
 * the cluster; a clone that was promoted in vain thinks that it is the worker.
 */
export async function settle(
  cluster: ClusterConfig,
  { node, clone, before }: HoldEntry,
  state: HoldState,
  options: ConnectOptions,
): Promise<void> {
  if (state === 'switched') await fence(cluster, node, options);
  if (state === 'spent') await fence(cluster, clone, options);
  else
    await withNode(reaching(cluster, clone), clone, options, (db) =>
      giveBack(db, noRecovery, before.recovery),
    );
  await withCoordinator(cluster, options, (db) => giveBack(db, soonTold, before.syncRetry));
}
