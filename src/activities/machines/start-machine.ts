import { cancellationSignal } from '@temporalio/activity';
import type { ClusterConfig } from '../../config/index.js';
import type { MachineEntry } from '../../contract/internal/undo.js';
import { provisionerOf } from '../../machines/provisioner-of.js';
import { isStillWanted } from '../lock/assert-held.js';
import type { ActivityContext } from '../runtime/context.js';
import { stopUnused } from './stop-unused.js';

/** Starts the machine of an entry, or finds it started; answers its `host:port`. @throws ProvisioningFailed */
export async function startMachine(
  { client }: ActivityContext,
  cluster: ClusterConfig,
  lockId: string,
  entry: MachineEntry,
): Promise<string> {
  try {
    return await provisionerOf(cluster).start(entry.key, cancellationSignal(), entry.standbyOf);
  } finally {
    // A program is seen at no server: whoever undid the entry meanwhile has found no machine yet.
    if (!(await isStillWanted(client, lockId, entry.id).catch(() => true)))
      await stopUnused(cluster, entry, AbortSignal.timeout(60_000)).catch(() => undefined);
  }
}
