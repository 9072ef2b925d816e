import { activeWorkers, type ClusterNode } from '../../citus/nodes/nodes.js';
import { does } from '../../contract/index.js';
import type { OperationRequest } from '../../contract/internal/request.js';
import { count } from '../../text/figures.js';
import { invalidInput } from '../operation/input-problems.js';
import { ownWorkflowId } from '../runtime/context.js';

/** The workers that a scale-out adds. */
export interface WorkersToAdd {
  /** `host:port`, or a placeholder for a machine that is yet to be started. */
  newWorkers: string[];
  /** Machines that a provisioner is to start, with the idempotency key of each. */
  toStart: { placeholder: string; key: string }[];
}

/**
 * The workers that a scale-out adds: the named ones that aren't there yet, or as many as are missing.
 *
 * @throws InvalidInput for a `to` below the present number
 */
export function workersToAdd(request: OperationRequest<'scaleOut'>, nodes: ClusterNode[]): WorkersToAdd {
  const { input } = request;
  const workers = activeWorkers(nodes);
  if (input.nodes) {
    const names = new Set(workers.map(({ node }) => node.toLowerCase()));
    return {
      newWorkers: input.nodes.map((node) => node.toLowerCase()).filter((node) => !names.has(node)),
      toStart: [],
    };
  }
  const number = input.add ?? (input.to ?? 0) - workers.length;
  if (number < 0) {
    const text = `${input.to ?? 0} is below the present number of workers, ${workers.length}`;
    throw invalidInput(request.cluster, [{ field: 'to', text }], {
      evidence: workers.slice(0, 50).map(({ node }) => node),
      remedies: [
        does('removeWorker', 'take workers out instead', { cluster: request.cluster }),
        `or ask for ${count(workers.length, 'worker')} or more`,
      ],
    });
  }
  const toStart = Array.from({ length: number }, (_, index) => ({
    placeholder: `new worker ${index + 1}`,
    key: `${ownWorkflowId()}/${index + 1}`,
  }));
  return { newWorkers: toStart.map(({ placeholder }) => placeholder), toStart };
}

/** The row that a planned worker will have, with ids of its own; none when it is registered already. */
export function plannedNode(nodes: ClusterNode[], node: string, index: number): ClusterNode[] {
  const groupId = Math.max(...nodes.map((each) => each.groupId)) + 1 + index;
  const row = nodes.find((each) => each.node === node);
  if (row) return [];
  return [
    {
      nodeId: -1 - index,
      groupId,
      node,
      role: 'worker',
      active: true,
      hasMetadata: true,
      metadataSynced: true,
      shouldHaveShards: true,
    },
  ];
}
