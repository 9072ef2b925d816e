import { operationTypes, type OperationType, type UpdateName } from '../contract/index.js';

/** The command that starts an operation of each type. */
export const commandNames: Record<OperationType, string> = {
  scaleOut: 'scale-out',
  rebalance: 'rebalance',
  drainWorker: 'drain',
  removeWorker: 'remove',
  cleanUp: 'clean',
};

/** The command that sends each update. */
export const updateCommands: Record<UpdateName, string> = {
  approve: 'approve',
  reject: 'reject',
  pause: 'pause',
  resume: 'resume',
  retry: 'retry',
  giveUp: 'give-up',
  setParallelMoves: 'parallel-moves',
  ignoreWindow: 'ignore-window',
};

/** The type that a person names by its command, or by the type's own name, `drainWorker` or `drain-worker`. */
export function typeNamed(name: string): OperationType | undefined {
  return operationTypes.find((type) => [commandNames[type], type, dashed(type)].includes(name));
}

/** `drainWorker` → `drain-worker` */
export function dashed(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
