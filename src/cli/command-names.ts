import {
  operations,
  operationTypes,
  updateNames,
  updates,
  type OperationType,
  type UpdateName,
} from '../contract/index.js';

/** The command that starts an operation of each type. */
export const commandNames = Object.fromEntries(
  operationTypes.map((type) => [type, operations[type].command]),
) as Record<OperationType, string>;

/** The command that sends each update. */
export const updateCommands = Object.fromEntries(
  updateNames.map((name) => [name, updates[name].command]),
) as Record<UpdateName, string>;

/** The type that a person names by its command, or by the type's own name, `drainWorker` or `drain-worker`. */
export function typeNamed(name: string): OperationType | undefined {
  return operationTypes.find((type) => [commandNames[type], type, kebabCase(type)].includes(name));
}

/** `drainWorker` → `drain-worker` */
export function kebabCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
