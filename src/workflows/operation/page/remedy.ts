import {
  inspectType,
  isOperationType,
  statusQuery,
  taskQueue,
  updateFacts,
  updateNames,
  type OperationStatus,
  type Remedy,
  type UpdateName,
} from '../../../contract/index.js';
import { code, item, withCode } from './markdown.js';

/** Writes a remedy in the words of the Temporal UI: updates to send and workflows to start. */
export function remedyInTemporal(
  remedy: Remedy,
  status: Pick<OperationStatus, 'operation' | 'cluster'>,
): string {
  const how = howTo(remedy, status);
  const text = withCode(item(remedy.text));
  return how === undefined ? text : `${text}: ${how}`;
}

function howTo(
  { action, arguments: args = {} }: Remedy,
  { operation, cluster }: Pick<OperationStatus, 'operation' | 'cluster'>,
): string | undefined {
  if (action === undefined) return undefined;
  const { operation: other = operation, ...fields } = args as { operation?: string };
  const where = other === operation ? '' : ` to \`${other}\``;
  if (isOperationType(action)) return startText(action, { cluster, ...fields });
  const update = updateNames.find((name) => name === action);
  if (update)
    return `send the update \`${update}\` with ${json({ by: '<you>', ...blanksOf(update), ...fields })}${where}`;
  switch (action) {
    case 'cancel':
      return other === operation ? 'request a cancellation' : `request a cancellation of \`${other}\``;
    case 'status':
      return other === operation ? `the query \`${statusQuery}\`` : `see the workflow \`${other}\``;
    case 'worker':
      return `start a worker for the task queue \`${taskQueue}\``;
    case 'list':
      return undefined;
    case 'clusters':
      return startText(inspectType, { what: action });
    default:
      return startText(inspectType, { what: action, cluster, ...fields });
  }
}

/** The arguments that an update needs besides who sends it. */
function blanksOf(name: UpdateName): Record<string, string> {
  const needed = Object.entries(updateFacts(name).fields).filter(([, { optional }]) => optional !== true);
  return Object.fromEntries(
    needed.map(([field, { type }]) => [field, type === 'number' ? '<number>' : '<why>']),
  );
}

function startText(type: string, input: object): string {
  return `start the workflow \`${type}\` with ${json(input)}`;
}

function json(value: object): string {
  return code(JSON.stringify(value));
}
