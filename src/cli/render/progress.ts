import type { Colors } from 'picocolors/types.js';
import type { Moving, OperationStatus, Progress } from '../../contract/index.js';
import { nodeBars } from './balance.js';
import { bytes, count, duration, tablesOf } from './text/figures.js';
import { shortNames } from './text/node-names.js';
import { roomy, type Room } from './text/room.js';
import { cutMiddle, pad, width, wrap } from './text/text.js';

/** Bars by node, the sum with rate and time left, and the moves that run. */
export function renderProgress(
  { plan, progress, attention }: OperationStatus,
  paint: Colors,
  columns: number,
  { nodes, moves }: Room = roomy,
): string {
  if (!progress) return '';
  const bars = plan && nodes > 0 ? [nodeBars(plan, progress, paint, nodes), ''] : [];
  return [
    ...bars,
    `  ${progressLine(progress)}`,
    ...movingLines(progress, moves, attention?.problem, paint, columns),
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

/** What several moves say is said once, below the last of them; what needs attention is said there already. */
function movingLines(
  { moving, movingTotal }: Progress,
  room: number,
  attention: string | undefined,
  paint: Colors,
  columns: number,
): string[] {
  // Those that have something to say first: the rest is only counted.
  const visible = [...moving].sort((a, b) => Number(!a.message) - Number(!b.message)).slice(0, room);
  const lines = routeLines(visible, paint, columns).flatMap((line, index) => {
    const message = visible[index]?.message;
    const isLast = !visible.slice(index + 1).some((move) => move.message === message);
    if (message === undefined || message === attention || !isLast) return [line];
    return [line, paint.yellow(wrap(`    ! ${message}`, columns, 6))];
  });
  const more = movingTotal - visible.length;
  return [...lines, ...(more > 0 ? [paint.dim(`  and ${count(more, 'more move')} at work`)] : [])];
}

/** `› orders +1  worker-1 → worker-3  copying data 61%`, in columns; what is too long loses its middle. */
function routeLines(moves: Moving[], paint: Colors, columns: number): string[] {
  const short = shortNames(moves.flatMap(({ from, to }) => [from, to]));
  const rows = moves.map((move) => ({
    name: tablesOf(move.tables),
    from: short(move.from),
    to: short(move.to),
    phase: phaseOf(move),
  }));
  const widest = (of: (row: (typeof rows)[number]) => string): number =>
    Math.max(0, ...rows.map((row) => width(of(row))));
  const free = columns - widest(({ phase }) => phase) - '  ›    →   '.length;
  const nodeWidth = Math.min(
    Math.max(
      widest(({ from }) => from),
      widest(({ to }) => to),
    ),
    Math.floor(free / 3),
  );
  const nameWidth = Math.min(
    widest(({ name }) => name),
    Math.max(8, free - 2 * nodeWidth),
  );
  return rows.map(({ name, from, to, phase }) => {
    const route = `${pad(cutMiddle(from, nodeWidth), nodeWidth)} ${paint.dim('→')} ${pad(cutMiddle(to, nodeWidth), nodeWidth)}`;
    return `  ${paint.dim('›')} ${pad(cutMiddle(name, nameWidth), nameWidth)}  ${route}  ${paint.dim(phase)}`;
  });
}

/** `copying data 61%`, `catching up, 2 MB behind`, `waiting (try 3)` */
function phaseOf({ phase, copiedBytes, bytes: all, lagBytes, attempt }: Moving): string {
  const share =
    !lagBytes && copiedBytes && all && phase !== 'Setting Up'
      ? ` ${Math.min(100, Math.floor((100 * copiedBytes) / all))}%`
      : '';
  const lag = lagBytes !== undefined && lagBytes > 0 ? `, ${bytes(lagBytes)} behind` : '';
  const again = attempt > 1 ? ` (try ${attempt})` : '';
  return `${phase.toLowerCase()}${share}${lag}${again}`;
}
