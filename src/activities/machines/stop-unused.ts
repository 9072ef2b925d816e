import { setTimeout as sleep } from 'node:timers/promises';
import { countShards, readRegistration } from '../../citus/nodes/registration.js';
import { withCoordinator } from '../../citus/session/connect.js';
import type { ClusterConfig } from '../../config/index.js';
import type { MachineEntry } from '../../contract/internal/undo.js';
import type { Machine } from '../../machines/provisioner.js';
import { provisionerOf } from '../../machines/provisioner-of.js';
import { readSession } from '../runtime/context.js';

/** Milliseconds that a start which was cut off may take until its machine is listed. */
const startPatienceMs = 15_000;
const pollMs = 3_000;

/**
 * Stops the machine of an entry, unless it is a node of the cluster. One that is a node without data, since it could not
 * be deregistered, is for a person.
 */
export async function stopUnused(
  cluster: ClusterConfig,
  entry: MachineEntry,
  signal: AbortSignal,
): Promise<{ notes: string[]; handedOver?: string }> {
  const machine = await listed(cluster, entry, signal);
  if (!machine) return { notes: [] };
  const options = { applicationName: readSession('stop machine').applicationName, signal };
  const shards = await withCoordinator(cluster, options, async (db) => {
    const row = await readRegistration(db, machine.node);
    return row && (await countShards(db, row.groupId));
  });
  if (shards === 0) return { notes: [], handedOver: `${machine.node} is still a node of the cluster` };
  if (shards !== undefined)
    return {
      notes: [
        `${machine.node} was started by this operation and is still part of the cluster: it goes on running`,
      ],
    };
  if (machine.running) await provisionerOf(cluster).stop(machine.node, entry.key, signal);
  return { notes: [`${machine.node} was stopped again`] };
}

/** The machine of an entry. One whose start may have been cut off is waited for: its program may go on without us. */
async function listed(
  cluster: ClusterConfig,
  { key, node }: MachineEntry,
  signal: AbortSignal,
): Promise<Machine | undefined> {
  for (const end = Date.now() + startPatienceMs; ;) {
    const machine = (await provisionerOf(cluster).list(signal)).find((each) => each.key === key);
    if (machine || node !== undefined || Date.now() + pollMs > end) return machine;
    await sleep(pollMs, undefined, { signal });
  }
}
