import type { ReplacementPlan } from '../../activities/plan/activities.js';
import { taskQueue, type OperationType } from '../../contract/index.js';
import { machineActivities, nodeActivities } from '../activities.js';
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
