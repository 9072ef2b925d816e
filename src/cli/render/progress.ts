import type { Colors } from 'picocolors/types.js';
import type { Moving, OperationStatus, Progress } from '../../contract/index.js';
import { nodeBars } from './balance.js';
import { bytes, count, duration, tablesOf } from './figures.js';
import { cut, cutMiddle, pad, width, wrap } from './text.js';

/** As many running moves as fit beside the rest. */
const shownMoves = 8;

/** Bars by node, the sum with rate and time left, and the moves that run. */
export function renderProgress({ plan, progress }: OperationStatus, paint: Colors, columns: number): string {
  if (!progress) return '';
  const share = progress.total > 0 ? progress.done / progress.total : 1;
  return [
    ...(plan ? [nodeBars(plan.before, plan.after, share, paint), ''] : []),
    `  ${progressLine(progress)}`,
    ...movingLines(progress, paint, columns),
    ...(progress.waitingFor === undefined
      ? []
      : [paint.dim(wrap(`  the others wait for ${progress.waitingFor}`, columns, 4))]),
  ].join('\n');
}

/** `61%  2.1 of 3.4 GB  45 MB/s  about 30 s left` */
export function progressLine({ basis, done, total, percent, bytesPerSecond, etaSeconds }: Progress): string {
  const figures =
    basis === 'bytes' ? `${bytes(done)} of ${bytes(total)}` : `${done} of ${count(total, 'move')}`;
  return [
    `${percent}%`,
    figures,
    ...(bytesPerSecond === undefined ? [] : [`${bytes(bytesPerSecond)}/s`]),
    ...(etaSeconds === undefined || etaSeconds <= 0 ? [] : [`about ${duration(etaSeconds)} left`]),
  ].join('  ');
}

function movingLines({ moving, movingTotal }: Progress, paint: Colors, columns: number): string[] {
  const shown = moving.slice(0, shownMoves);
  const nameWidth = Math.min(20, Math.max(0, ...shown.map(({ tables }) => width(tablesOf(tables)))));
  const lines = shown.flatMap((move) => [
    movingLine(move, nameWidth, paint, columns),
    ...(move.message === undefined ? [] : [paint.yellow(`      ${cut(move.message, columns - 6)}`)]),
  ]);
  const more = movingTotal - shown.length;
  return [...lines, ...(more > 0 ? [paint.dim(`  and ${more} more`)] : [])];
}

function movingLine(move: Moving, nameWidth: number, paint: Colors, columns: number): string {
  const phase = phaseOf(move);
  const lead = `  ${paint.dim('›')} ${pad(cut(tablesOf(move.tables), nameWidth), nameWidth)}  `;
  const room = Math.max(8, Math.floor((columns - width(lead) - width(phase) - 5) / 2));
  return `${lead}${cutMiddle(move.from, room)} ${paint.dim('→')} ${cutMiddle(move.to, room)}  ${paint.dim(phase)}`;
}

/** `copying data 61%`, `catching up, 2 MB behind`, `waiting (try 3)` */
function phaseOf({ phase, copiedBytes, bytes: all, lagBytes, attempt }: Moving): string {
  const share =
    !lagBytes && copiedBytes !== undefined && all
      ? ` ${Math.min(100, Math.floor((100 * copiedBytes) / all))}%`
      : '';
  const lag = lagBytes !== undefined && lagBytes > 0 ? `, ${bytes(lagBytes)} behind` : '';
  const again = attempt > 1 ? ` (try ${attempt})` : '';
  return `${phase.toLowerCase()}${share}${lag}${again}`;
}
