import { ApplicationFailure } from '@temporalio/common';
import type { ClusterConfig } from '../config/index.js';
import { commandProvisioner } from './command.js';
import type { Provisioner } from './provisioner.js';

/** Who starts and stops the machines of a cluster. @throws ProvisioningFailed when the config names nobody */
export function provisionerOf(cluster: ClusterConfig): Provisioner {
  if (cluster.workersFrom) return commandProvisioner(cluster.name, cluster.workersFrom.command);
  throw ApplicationFailure.create({
    type: 'ProvisioningFailed',
    message: `the config of ${cluster.name} has no workersFrom: machines are started elsewhere`,
    nonRetryable: true,
    details: [
      {
        cluster: cluster.name,
        evidence: [],
        remedies: [
          'start the servers yourself and name them in nodes',
          'or add workersFrom.command to the config',
        ],
      },
    ],
  });
}
