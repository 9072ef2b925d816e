import { cancellationSignal } from '@temporalio/activity';
import { isRegistered } from '../../citus/nodes/registration.js';
import { withCoordinator } from '../../citus/session/connect.js';
import { does } from '../../contract/index.js';
import { needsPerson } from '../../failures.js';
import { provisionerOf } from '../../machines/provisioner-of.js';
import { fateOf, machineOf, otherCluster, type MachineFate } from './fate.js';
import { clusterIn, session, type ActivityContext } from '../runtime/context.js';
import { assertHeld } from '../lock/activities.js';

export type MachineActivities = ReturnType<typeof machineActivities>;

export interface MachineRequest {
  cluster: string;
  holdId: string;
  /** Idempotency key: the same key is always the same machine. */
  key: string;
}

export interface StopOrder {
  cluster: string;
  holdId: string;
  /** `host:port` */
  node: string;
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

    /** Whether the machine of a worker that leaves can and may be stopped. Look before it is deregistered: then we may still connect. */
    lookAtMachine: ({ cluster: name, node }: { cluster: string; node: string }): Promise<MachineFate> =>
      fateOf(context.config, clusterIn(context, name), node),

    /**
     * Stops the machine of a worker that was taken out of the cluster, or finds it stopped. That it may be stopped was
     * seen before, perhaps long ago: another cluster may have begun to use it since, and then it goes on.
     */
    stopRemoved: async ({ cluster: name, node, holdId }: StopOrder): Promise<{ became: string }> => {
      await assertHeld(context.client, holdId);
      const cluster = clusterIn(context, name);
      if (await withCoordinator(cluster, session('stop machine'), (db) => isRegistered(db, node)))
        throw stillInUse(node);
      const user = await otherCluster(context.config, cluster, node);
      if (user !== undefined) return { became: `goes on running: ${user}` };
      const machine = await machineOf(cluster, node);
      if (machine?.running)
        await provisionerOf(cluster).stop(machine.node, machine.key, cancellationSignal());
      return { became: 'was stopped' };
    },
  };
}

function stillInUse(node: string): Error {
  return needsPerson(`${node} is part of the cluster again: its machine is not stopped`, {
    evidence: [`pg_dist_node has a row for ${node}`],
    remedies: ['find out who registered it again', does('giveUp', 'give up: its machine goes on running')],
  });
}
