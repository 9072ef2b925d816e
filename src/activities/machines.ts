import { cancellationSignal } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { isRegistered } from '../citus/registration.js';
import { withCoordinator } from '../citus/connect.js';
import type { ClusterConfig } from '../config/index.js';
import { commandProvisioner } from '../machines/command.js';
import type { Provisioner } from '../machines/provisioner.js';
import { clusterIn, session, type ActivityContext } from './context.js';
import { assertHeld } from './hold.js';

export type MachineActivities = ReturnType<typeof machineActivities>;

export interface MachineRequest {
  cluster: string;
  holdId: string;
  /** Idempotency key: the same key is always the same machine. */
  key: string;
}

/** Starts and stops the servers that an operation brings along. */
export function machineActivities(context: ActivityContext) {
  return {
    /** Starts the machine of this key, or finds it started. @throws ProvisioningFailed */
    startMachine: async ({ cluster: name, key, holdId }: MachineRequest): Promise<{ node: string }> => {
      await assertHeld(context.client, holdId);
      const node = await provisionerOf(clusterIn(context, name)).start(key, cancellationSignal());
      return { node };
    },

    /** Stops the machine of this key, unless the cluster still uses it. */
    stopUnused: async ({ cluster: name, key, holdId }: MachineRequest): Promise<{ notes: string[] }> => {
      await assertHeld(context.client, holdId);
      const cluster = clusterIn(context, name);
      const provisioner = provisionerOf(cluster);
      const machines = await provisioner.list(cancellationSignal());
      const machine = machines.find((each) => each.key === key);
      if (!machine) return { notes: [] };
      const used = await withCoordinator(cluster, session('stop machine'), (db) =>
        isRegistered(db, machine.node),
      );
      if (used)
        return {
          notes: [
            `${machine.node} was started by this operation and is still part of the cluster: it goes on running`,
          ],
        };
      if (machine.running) await provisioner.stop(machine.node, key, cancellationSignal());
      return { notes: [`${machine.node} was stopped again`] };
    },
  };
}

function provisionerOf(cluster: ClusterConfig): Provisioner {
  if (cluster.workersFrom) return commandProvisioner(cluster.name, cluster.workersFrom.command);
  throw ApplicationFailure.create({
    type: 'ProvisioningFailed',
    message: `the config of ${cluster.name} has no workersFrom: machines are started elsewhere`,
    nonRetryable: true,
    details: [
      {
        evidence: [],
        remedies: [
          'start the servers yourself and name them in nodes',
          'or add workersFrom.command to the config',
        ],
      },
    ],
  });
}
