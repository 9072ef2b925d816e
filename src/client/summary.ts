import type { OperationInput, OperationType } from '../contract/index.js';

/** One line for the Temporal UI and `list`, at most 200 bytes. */
export function summaryOf(type: OperationType, input: OperationInput): string {
  return shortened(`${verbs[type]} ${input.cluster}${target(input)}${input.dryRun ? ' (dry run)' : ''}`, 200);
}

const verbs: Record<OperationType, string> = { scaleOut: 'Scale out' };

function target({ to, add, nodes }: OperationInput): string {
  if (to !== undefined) return ` to ${to} ${workers(to)}`;
  if (add !== undefined) return ` by ${add} ${workers(add)}`;
  return nodes ? ` by ${nodes.join(', ')}` : '';
}

function workers(n: number): string {
  return n === 1 ? 'worker' : 'workers';
}

function shortened(text: string, bytes: number): string {
  if (Buffer.byteLength(text) <= bytes) return text;
  return `${Buffer.from(text)
    .subarray(0, bytes - 3)
    .toString('utf8')
    .replace(/\uFFFD+$/, '')}…`;
}
