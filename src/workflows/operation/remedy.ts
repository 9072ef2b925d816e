import {
  inspectType,
  isOperationType,
  statusQuery,
  taskQueue,
  updateNames,
  type OperationStatus,
  type Remedy,
} from '../../contract/index.js';

/** What a person can do, in the words of the Temporal UI: updates to send and workflows to start. */
export function remedyInTemporal(
  remedy: Remedy,
  status: Pick<OperationStatus, 'operation' | 'cluster'>,
): string {
  const how = howTo(remedy, status);
  return how === undefined ? remedy.text : `${remedy.text}: ${how}`;
}

function howTo(
  { action, arguments: given = {} }: Remedy,
  { operation, cluster }: Pick<OperationStatus, 'operation' | 'cluster'>,
): string | undefined {
  if (action === undefined) return undefined;
  const { operation: other = operation, ...fields } = given as { operation?: string };
  const where = other === operation ? '' : ` to \`${other}\``;
  if (isOperationType(action)) return started(action, { cluster, ...fields });
  if (updateNames.some((name) => name === action))
    return `send the update \`${action}\` with ${json({ by: '<you>', ...blanks[action], ...fields })}${where}`;
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
      return started(inspectType, { what: action });
    default:
      return started(inspectType, { what: action, cluster, ...fields });
  }
}

/** Arguments that an update takes besides who sends it. */
const blanks: Partial<Record<string, object>> = {
  reject: { reason: '<why>' },
  giveUp: { reason: '<why>' },
  ignoreWindow: { reason: '<why>' },
  setParallelMoves: { n: '<number>' },
};

function started(type: string, input: object): string {
  return `start the workflow \`${type}\` with ${json(input)}`;
}

function json(value: object): string {
  return `\`${JSON.stringify(value)}\``;
}
