import { operationFacts, type OperationInput, type OperationType } from '../../contract/index.js';

/** One line for the Temporal UI and `list`, at most 200 bytes. */
export function summaryOf(type: OperationType, input: OperationInput): string {
  return shorten(
    `${operationFacts(type).verb} ${input.cluster}${target(type, input)}${input.dryRun ? ' (dry run)' : ''}`,
    200,
  );
}

interface Target {
  cluster: string;
  to?: number | undefined;
  add?: number | undefined;
  nodes?: string[] | undefined;
  node?: string | undefined;
  undo?: boolean | undefined;
  strategy?: string | undefined;
}

function target(type: OperationType, { to, add, nodes, node, undo, strategy }: Target): string {
  if (to !== undefined) return ` to ${to} ${workers(to)}`;
  if (add !== undefined) return ` by ${add} ${workers(add)}`;
  if (strategy !== undefined) return ` ${strategy}`;
  if (node !== undefined) return `: ${node}${undo === true ? ', taken back' : ''}`;
  if (!nodes) return '';
  const names = nodes.join(', ');
  return operationFacts(type).nodes === 'join'
    ? ` by ${names}`
    : `: ${names}${undo === true ? ', back in service' : ''}`;
}

function workers(n: number): string {
  return n === 1 ? 'worker' : 'workers';
}

function shorten(text: string, bytes: number): string {
  if (Buffer.byteLength(text) <= bytes) return text;
  return `${Buffer.from(text)
    .subarray(0, bytes - 3)
    .toString('utf8')
    .replace(/\uFFFD+$/, '')}…`;
}
