import type { ClusterConfig } from '../config/index.js';
import { refused } from '../failures.js';
import { commandProvisioner } from './command.js';
import type { Provisioner } from './provisioner.js';

/**
 * The provisioner that starts and stops a cluster's machines. @throws ProvisioningFailed when the config names none
 */
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

/** The kind of a cluster's provisioner, as `inspect` tells it. */
export function provisionerKind({ workersFrom }: ClusterConfig): 'command' | 'none' {
  return workersFrom ? 'command' : 'none';
}

/** The program that starts machines; undefined: they are started elsewhere. */
export function startProgram({ workersFrom }: ClusterConfig): string | undefined {
  return workersFrom && programOf(workersFrom.command.start);
}

/** The program that stops machines; undefined: they are stopped elsewhere. */
export function stopProgram({ workersFrom }: ClusterConfig): string | undefined {
  return workersFrom && programOf(workersFrom.command.stop);
}

/**
 * The program, and what it is given first, for an interpreter's name alone would say nothing. No more: plans and
 * histories keep this, and a later argument may be a secret.
 */
export function programOf([program = '', first = '-']: string[]): string {
  return first.startsWith('-') ? program : `${program} ${first}`.slice(0, 120);
}
