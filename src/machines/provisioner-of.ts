import type { ClusterConfig } from '../config/index.js';
import { refused } from '../failures.js';
import { commandProvisioner } from './command.js';
import type { Provisioner } from './provisioner.js';

/** Who starts and stops the machines of a cluster. @throws ProvisioningFailed when the config names nobody */
export function provisionerOf(cluster: ClusterConfig): Provisioner {
  if (cluster.workersFrom) return commandProvisioner(cluster.name, cluster.workersFrom.command);
  throw refused(
    'ProvisioningFailed',
    `the config of ${cluster.name} has no workersFrom: machines are started elsewhere`,
    {
      cluster: cluster.name,
      remedies: ['start the servers yourself and name them', 'or add workersFrom.command to the config'],
    },
  );
}
