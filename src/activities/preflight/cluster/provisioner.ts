import { activeWorkers, type ClusterNode } from '../../../citus/nodes/nodes.js';
import type { ClusterConfig } from '../../../config/index.js';
import type { Check } from '../../../contract/index.js';
import { startProgram } from '../../../machines/provisioner-of.js';
import { failed, passed } from '../check.js';
import type { Intent } from '../intent.js';

/** Whether somebody can start the machines that are wanted. */
export function provisionerNeeded(cluster: ClusterConfig, intent: Intent, nodes: ClusterNode[]): Check[] {
  const { replacing, splitting } = intent;
  const byClone = replacing ?? splitting;
  const needsClone = byClone !== undefined && byClone.clone === undefined;
  const toStart = needsClone ? 1 : intent.toStart(activeWorkers(nodes).length);
  if (toStart <= 0) return [];
  const program = startProgram(cluster);
  return program !== undefined
    ? [passed('provisioner', `${toStart} to be started by ${program}`)]
    : [
        failed(
          'provisioner',
          `${toStart} servers are to be started, but the config of ${cluster.name} has no workersFrom`,
          'start them yourself and name them, or add workersFrom.command to the config',
        ),
      ];
}
