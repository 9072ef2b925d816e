import type { Draft, ReplacementPlan } from '../../activities/plan/activities.js';
import { taskQueue, type OperationType } from '../../contract/index.js';
import { checkActivities, machineActivities, nodeActivities, patroniActivities } from '../activities.js';
import type { Operation } from '../operation/op.js';

/** Starts machines, or finds them started. Answers the address of each, by its placeholder. */
export async function startMachines<Type extends OperationType>(
  op: Operation<Type>,
  toStart: ReplacementPlan['toStart'],
  standbyOf?: string,
): Promise<Map<string, string>> {
  const { cluster, lockId } = op.request;
  const machines = new Map<string, string>();
  for (const { placeholder, key } of toStart) {
    const entry = {
      id: `machine ${key}`,
      kind: 'machine',
      key,
      placeholder,
      taskQueue,
      ...(standbyOf !== undefined && { standbyOf }),
    } as const;
    await op.undo.add([entry]);
    const { node } = await op.calls.run(machineActivities.startMachine, `Start ${placeholder}`, {
      cluster,
      lockId,
      entry,
    });
    machines.set(placeholder, node);
    await op.undo.add([{ ...entry, node }]);
  }
  return machines;
}

/** Registers servers as workers, or finds them registered. */
export async function registerStep<Type extends OperationType>(
  op: Operation<Type>,
  name: string,
  newWorkers: string[],
): Promise<void> {
  const { cluster, lockId } = op.request;
  await op.step(name, async (step) => {
    step.detail = newWorkers.join(', ');
    const entries = await op.calls.run(nodeActivities.planRegistrations, 'How are they registered?', {
      cluster,
      lockId,
      nodes: newWorkers,
    });
    await op.undo.add(entries);
    const { unchanged } = await op.calls.run(nodeActivities.registerNodes, `Register ${step.detail}`, {
      cluster,
      lockId,
      entries,
    });
    await op.undo.settle(unchanged);
  });
}

/**
 * Waits until Patroni has registered servers as workers, and looks whether they have room for what comes. Answers their ids.
 * Nothing of it is undone: they are Patroni's.
 */
export async function awaitRegistered<Type extends OperationType>(
  op: Operation<Type>,
  name: string,
  newWorkers: string[],
  incoming: Draft['incoming'],
): Promise<Record<string, number>> {
  const { request } = op;
  return op.step(name, async (step) => {
    step.detail = `Patroni registers ${newWorkers.join(', ')}`;
    const rows = await op.calls.run(patroniActivities.awaitRegistered, step.detail, {
      cluster: request.cluster,
      nodes: newWorkers,
    });
    op.checked(
      await op.calls.run(checkActivities.checkNewNodes, 'Have they room?', { request, nodes: [], incoming }),
    );
    return Object.fromEntries(rows.map(({ node, nodeId }) => [node, nodeId]));
  });
}
