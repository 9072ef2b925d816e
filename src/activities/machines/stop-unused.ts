import { isRegistered } from '../../citus/nodes/registration.js';
import { withCoordinator } from '../../citus/session/connect.js';
import type { ClusterConfig } from '../../config/index.js';
import type { MachineEntry } from '../../contract/internal/undo.js';
import { provisionerOf } from '../../machines/provisioner-of.js';
import { readSession } from '../runtime/context.js';

/** Stops the machine of an entry, unless it is a node of the cluster. Answers what a person should know. */
export async function stopUnused(
  cluster: ClusterConfig,
  { key }: MachineEntry,
  signal: AbortSignal,
): Promise<string[]> {
  const provisioner = provisionerOf(cluster);
  const machines = await provisioner.list(signal);
  const machine = machines.find((each) => each.key === key);
  if (!machine) return [];
  const options = { applicationName: readSession('stop machine').applicationName, signal };
  if (await withCoordinator(cluster, options, (db) => isRegistered(db, machine.node)))
    return [
      `${machine.node} was started by this operation and is still part of the cluster: it goes on running`,
    ];
  if (machine.running) await provisioner.stop(machine.node, key, signal);
  return [`${machine.node} was stopped again`];
}
