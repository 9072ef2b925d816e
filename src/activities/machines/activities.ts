import { cancellationSignal } from '@temporalio/activity';
import { withCoordinator } from '../../citus/session/connect.js';
import { isRegistered } from '../../citus/nodes/registration.js';
import type { MachineEntry } from '../../contract/internal/undo.js';
import { does } from '../../contract/index.js';
import { needsPerson } from '../../failures.js';
import { provisionerOf } from '../../machines/provisioner-of.js';
import { assertHeld } from '../lock/assert-held.js';
import { clusterIn, readSession, type ActivityContext } from '../runtime/context.js';
import { fateOf, machineOf, otherCluster, type MachineFate } from './fate.js';
import { startMachine } from './start-machine.js';

/** The activities of {@link machineActivities}, as workflows call them. */
export type MachineActivities = ReturnType<typeof machineActivities>;

/** The order to stop the machine of a worker that was taken out. */
export interface StopOrder {
  cluster: string;
  lockId: string;
  /** `host:port` */
  node: string;
}

/** Activities that start and stop the servers that an operation brings along. */
export function machineActivities(context: ActivityContext) {
  return {
    /** Starts the machine of an entry, or finds it started. @throws ProvisioningFailed */
    startMachine: async ({
      cluster: name,
      lockId,
      entry,
    }: {
      cluster: string;
      lockId: string;
      entry: MachineEntry;
    }): Promise<{ node: string }> => {
      await assertHeld(context.client, lockId);
      return { node: await startMachine(context, clusterIn(context, name), lockId, entry) };
    },

    /** Tells whether the machine of a worker that leaves can and may be stopped. Look before it is deregistered: then we may still connect. */
    lookAtMachine: ({ cluster: name, node }: { cluster: string; node: string }): Promise<MachineFate> =>
      fateOf(context.config, clusterIn(context, name), node),

    /**
     * Stops the machine of a worker that was taken out of the cluster, or finds it stopped. That it may be stopped was
     * seen before, perhaps long ago: another cluster may have begun to use it since, and then it goes on.
     */
    stopRemoved: async ({ cluster: name, node, lockId }: StopOrder): Promise<{ became: string }> => {
      await assertHeld(context.client, lockId);
      const cluster = clusterIn(context, name);
      if (await withCoordinator(cluster, readSession('stop machine'), (db) => isRegistered(db, node))) {
        throw needsPerson(`${node} is part of the cluster again: its machine is not stopped`, {
          evidence: [`pg_dist_node has a row for ${node}`],
          remedies: [
            'find out who registered it again',
            does('giveUp', 'give up: its machine goes on running'),
          ],
        });
      }
      const user = await otherCluster(context.config, cluster, node);
      if (user !== undefined) return { became: `goes on running: ${user}` };
      const machine = await machineOf(cluster, node);
      if (machine?.running)
        await provisionerOf(cluster).stop(machine.node, machine.key, cancellationSignal());
      return { became: 'was stopped' };
    },
  };
}
