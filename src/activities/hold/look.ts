import { readWal } from '../../citus/hold/clone.js';
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
 * Makes harmless whichever of the two servers isn't in service. The old one would go on writing into the cluster; the
 * clone thinks that it is the worker, and would decide on that one's transactions.
 */
export async function fenceLoser(
  cluster: ClusterConfig,
  { node, clone }: HoldEntry,
  state: 'switched' | 'spent',
  options: ConnectOptions,
): Promise<void> {
  await fence(cluster, state === 'switched' ? node : clone, options);
}
