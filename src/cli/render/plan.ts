import type { Colors } from 'picocolors/types.js';
import { consequences, type Check, type Move, type Plan, type Replacement } from '../../contract/index.js';
import { balanceChange } from './balance.js';
import { renderCleanups } from './cleanups.js';
import { checkLines, standsOut } from './checks.js';
import { bytes, count, duration, tablesOf } from './text/figures.js';
import type { About } from './remedy.js';
import { rescueLines } from './rescue.js';
import { salvageLines } from './salvage.js';
import { cut, cutMiddle, pad, width, wrap } from './text/text.js';

/** As many moves as one looks through before saying yes. */
const shownMoves = 8;

/**
 * Writes the plan that a person approves: what changes, how even it becomes, how long it takes, what speaks against it.
 */
export function renderPlan(
  plan: Plan,
  checks: Check[],
  paint: Colors,
  columns: number,
  about: About,
): string {
  const outstanding = checks.filter(standsOut);
  return [
    paint.bold(`Plan ${plan.hash}`),
    ...whatChanges(plan, paint, columns, about),
    ...worthKnowing(checks, columns),
    ...(outstanding.length > 0 ? ['', checkLines(outstanding, paint, columns, about)] : []),
  ].join('\n');
}

function whatChanges(plan: Plan, paint: Colors, columns: number, about: About): string[] {
  if (plan.salvage) return salvageLines(plan.salvage, paint, columns);
  if (plan.cleanups) return [renderCleanups(plan, paint, columns)];
  return plan.rungs ? rescueLines(plan, paint, columns, about) : movement(plan, paint, columns);
}

function movement(plan: Plan, paint: Colors, columns: number): string[] {
  // Nothing moves, and the size of what lies on a dead worker isn't known.
  if (plan.isolatedWorkers || plan.rejoinedWorkers)
    return [
      ...nodeLines('isolated:', plan.isolatedWorkers, columns),
      ...nodeLines('gets the metadata again:', plan.rejoinedWorkers, columns),
    ];
  return [
    ...(plan.replacement ? replacementLines(plan.replacement, plan, columns) : changes(plan, columns)),
    '',
    balanceChange(plan.before, plan.after, paint),
    ...(plan.moves.length > 0 ? ['', moveLines(plan, paint, columns)] : []),
  ];
}

function replacementLines(
  { node, clone, lagBytes, heldSeconds, pointOfNoReturn, splits }: Replacement,
  plan: Plan,
  columns: number,
): string[] {
  const lag = lagBytes === undefined ? '' : `, which lacks ${bytes(lagBytes)} of its WAL now`;
  return [
    wrap(`  ${node} → ${clone}, a standby of it${lag}`, columns, 4),
    wrap(
      `  all statements wait for about ${duration(heldSeconds)}; ${splits ? `${count(plan.movesTotal, 'shard group')}, ${bytes(plan.bytes)}, go over with it, and nothing is copied` : 'no shard moves'}`,
      columns,
      4,
    ),
    wrap(`  no way back from: ${pointOfNoReturn}`, columns, 4),
  ];
}

function worthKnowing(checks: Check[], columns: number): string[] {
  const effects = checks.filter(({ id, ok }) => ok && consequences.includes(id));
  return effects.length > 0 ? ['', ...effects.map(({ evidence }) => wrap(`  ${evidence}`, columns, 4))] : [];
}

function changes(plan: Plan, columns: number): string[] {
  const total = `  ${count(plan.movesTotal, 'move')}, ${bytes(plan.bytes)}${estimate(plan)}${stall(plan)}`;
  return [
    ...nodeLines('+', plan.newWorkers, columns),
    ...nodeLines('-', plan.removedWorkers, columns),
    ...nodeLines('emptied:', plan.drainedWorkers, columns),
    ...nodeLines('back in service:', plan.restoredWorkers, columns),
    wrap(total, columns, 2),
  ];
}

function nodeLines(sign: string, nodes: string[] = [], columns: number): string[] {
  return nodes.length > 0 ? [wrap(`  ${sign} ${nodes.join(', ')}`, columns, 4)] : [];
}

function estimate({ estimateSeconds }: Plan): string {
  if (!estimateSeconds) return '';
  const { low, high, basis } = estimateSeconds;
  const time = low === high ? duration(low) : `${duration(low)} to ${duration(high)}`;
  return `, about ${time} (${basis})`;
}

function stall({ longestStallSeconds = 0, movesByMode, movesTotal }: Plan): string {
  if (longestStallSeconds === 0) return '';
  const which = movesByMode ? ` by ${movesByMode.blocking} of ${movesTotal} moves` : '';
  return `; writes to a shard group are blocked for up to ${duration(longestStallSeconds)}${which}`;
}

function moveLines(plan: Plan, paint: Colors, columns: number): string {
  const visible = plan.moves.slice(0, shownMoves);
  const sizes = visible.map((move) => bytes(move.bytes));
  const sizeWidth = Math.max(...sizes.map(width));
  const nameWidth = Math.min(26, Math.max(...visible.map((move) => width(nameOf(move)))));
  const lines = visible.map((move, index) => {
    const lead = `  ${pad(cut(nameOf(move), nameWidth), nameWidth)}  ${pad(sizes[index] ?? '', sizeWidth, 'left')}  `;
    const waits = move.mode === 'blocking' ? '  writes wait' : '';
    const room = Math.floor((columns - width(lead) - 3 - width(waits)) / 2);
    return `${lead}${cutMiddle(move.from, room)} ${paint.dim('→')} ${cutMiddle(move.to, room)}${paint.yellow(waits)}`;
  });
  const more = plan.movesTotal - visible.length;
  return [...lines, ...(more > 0 ? [paint.dim(`  and ${count(more, 'more move', 'more moves')}`)] : [])].join(
    '\n',
  );
}

function nameOf({ tables, shardIds }: Move): string {
  return `${tablesOf(tables)} ${shardIds[0] ?? ''}`.trim();
}
