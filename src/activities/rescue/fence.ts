import { cancellationSignal } from '@temporalio/activity';
import type { ClusterConfig, Config } from '../../config/index.js';
import { provisionerOf, stopProgram } from '../../machines/provisioner-of.js';
import { machineOf, otherCluster } from '../machines/fate.js';

/** Milliseconds that the user's program gets: the host may be gone. */
const patienceMs = 60_000;

/**
 * Stops the machine of a dead worker, where a program can: one that comes back writes into the cluster. Answers what became
 * of it; a machine that can't be stopped is for a person, and hinders nothing.
 */
export async function fence(config: Config, cluster: ClusterConfig, node: string): Promise<string> {
  const byHand = 'see to it that it doesn’t come back: with its old metadata it would write into the cluster';
  if (stopProgram(cluster) === undefined) return `the machine of ${node} is run elsewhere; ${byHand}`;
  const signal = AbortSignal.any([cancellationSignal(), AbortSignal.timeout(patienceMs)]);
  try {
    const machine = await machineOf(cluster, node);
    if (!machine) return `the provisioner doesn’t know the machine of ${node}; ${byHand}`;
    const user = await otherCluster(config, cluster, node);
    if (user !== undefined) return `the machine of ${node} was not stopped: ${user}; ${byHand}`;
    await provisionerOf(cluster).stop(machine.node, machine.key, signal);
    return `the machine of ${node} was stopped`;
  } catch (error) {
    cancellationSignal().throwIfAborted();
    const why = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    return `the machine of ${node} could not be stopped (${why}); ${byHand}`;
  }
}
