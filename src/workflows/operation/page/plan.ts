import type { Balance, Plan, Replacement, Salvage } from '../../../contract/index.js';
import { count, formatBytes, formatSeconds, formatTables, inThousands } from '../../../text/figures.js';
import { item, table } from './markdown.js';
import { rescueLines, rescueTitle } from './rescue.js';

const mostMoves = 10;
const mostWorkers = 50;

/** What a plan comes to, in a few words. */
export function planTitle(plan: Plan): string {
  const { cleanups, cleanupsTotal = 0, salvage, replacement, rungs, movesTotal, bytes } = plan;
  if (cleanups) return `${count(cleanupsTotal, 'leftover')} to remove`;
  if (salvage)
    return `${count(salvage.missing, 'row')} of ${salvage.node} to bring over, ${count(salvage.conflicts, 'conflict')}`;
  if (replacement) return `${replacement.node} → ${replacement.clone}`;
  if (rungs) return rescueTitle(plan);
  return `${count(movesTotal, 'move')}, ${formatBytes(bytes)}`;
}

/** What a plan does and to whom: what a person reads before the tables. */
export function planLines(plan: Plan): string[] {
  if (plan.cleanups) return [];
  if (plan.salvage) return salvageLines(plan.salvage);
  if (plan.replacement) return [replacementLines(plan, plan.replacement)];
  return [...(plan.rungs ? rescueLines(plan) : workers(plan)), ...stall(plan)];
}

/** All that a plan changes, in tables. */
export function planTables(plan: Plan): string[] {
  const { cleanups, salvage, replacement, isolatedWorkers = [], rejoinedWorkers = [] } = plan;
  if (cleanups) return [cleanupLines(plan)];
  if (salvage !== undefined || replacement !== undefined) return [];
  if (isolatedWorkers.length + rejoinedWorkers.length > 0) return [];
  return movementTables(plan);
}

/** What becomes of the workers that the plan is about. */
function workers(plan: Plan): string[] {
  const { newWorkers, removedWorkers, drainedWorkers = [], restoredWorkers = [] } = plan;
  const { isolatedWorkers = [], rejoinedWorkers = [] } = plan;
  const lines = [
    // One that is yet to be started is called `new worker 1`.
    ...newWorkers.map((node) => (node.startsWith('new ') ? `- ${node}` : `- new: ${node}`)),
    ...removedWorkers.map((node) => `- emptied and removed: ${node}`),
    ...drainedWorkers.map((node) => `- emptied: ${node}`),
    ...restoredWorkers.map((node) => `- back in service: ${node}`),
    ...isolatedWorkers.map((node) => `- isolated: ${node}`),
    ...rejoinedWorkers.map((node) => `- gets the metadata again: ${node}`),
  ];
  return lines.length > 0 ? [lines.join('\n')] : [];
}

function stall({ longestStallSeconds = 0, movesByMode, movesTotal }: Plan): string[] {
  if (longestStallSeconds === 0) return [];
  const which = movesByMode ? ` by ${movesByMode.blocking} of ${movesTotal} moves` : '';
  return [`Writes to a shard group are blocked for up to ${formatSeconds(longestStallSeconds)}${which}.`];
}

function salvageLines({ node, fenced, tables, tablesTotal }: Salvage): string[] {
  const rows = tables.map(({ table: name, rows: all = 0, missing = 0, conflicts = 0, why }) =>
    why === undefined
      ? [name, inThousands(all), inThousands(missing), inThousands(conflicts)]
      : [name, '', '', `stays there: ${item(why)}`],
  );
  const more = tablesTotal - tables.length;
  return [
    fenced
      ? `${node} is fenced.`
      : `${node} is fenced first: every statement on its tables fails from then on.`,
    ...(rows.length > 0 ? [table(['table', 'rows there', 'missing here', 'conflicts'], rows)] : []),
    ...(more > 0 ? [`and ${count(more, 'more table')}`] : []),
  ];
}

function replacementLines(
  { movesTotal }: Plan,
  { node, clone, lagBytes, heldSeconds, pointOfNoReturn, splits }: Replacement,
): string {
  const lag = lagBytes === undefined ? '' : `, which lacks ${formatBytes(lagBytes)} of its WAL`;
  return [
    `- ${node} → ${clone}, a standby of it${lag}`,
    `- all statements wait for about ${formatSeconds(heldSeconds)}; ${splits ? `${count(movesTotal, 'shard group')} go over with it` : 'no shard moves'}`,
    `- no way back from: ${item(pointOfNoReturn)}`,
  ].join('\n');
}

function cleanupLines({ cleanups = [], cleanupsTotal = 0 }: Plan): string {
  const rows = cleanups.map(
    ({ kind, node, name, how, bytes }) =>
      `- ${kind} \`${name}\` on ${node}${bytes === undefined ? '' : `, ${formatBytes(bytes)}`}: ${how}`,
  );
  const more = cleanupsTotal > cleanups.length ? [`- and ${cleanupsTotal - cleanups.length} more`] : [];
  return [...rows, ...more].join('\n');
}

function movementTables({ moves, movesTotal, before, after }: Plan): string[] {
  const rows = moves
    .slice(0, mostMoves)
    .map(({ tables, shardIds, from, to, bytes, mode }) => [
      `${formatTables(tables)}, ${shardIds[0] ?? ''}`,
      from,
      to,
      `${formatBytes(bytes)}${mode === 'blocking' ? ', writes wait' : ''}`,
    ]);
  const more = movesTotal > mostMoves ? [[`and ${movesTotal - mostMoves} more`, '', '', '']] : [];
  const names = [...new Set([...before.workers, ...after.workers].map(({ node }) => node))];
  return [
    ...(rows.length > 0 ? [table(['shard group', 'from', 'to', 'size'], [...rows, ...more])] : []),
    table(
      ['worker', 'before', 'after'],
      names.slice(0, mostWorkers).map((node) => [node, sizeOn(before, node), sizeOn(after, node)]),
    ),
  ];
}

/** A worker that is gone holds nothing; of what lies on a dead one nobody knows the size. */
function sizeOn({ workers: all, sizesUnknown }: Balance, node: string): string {
  const worker = all.find((each) => each.node === node);
  if (!worker) return '–';
  return sizesUnknown === true || (worker.bytes === 0 && worker.shards > 0) ? '?' : formatBytes(worker.bytes);
}
