import type { Colors } from 'picocolors/types.js';
import type { Balance, Plan, Progress } from '../../contract/index.js';
import { bytes, count } from './text/figures.js';
import { cutMiddle, pad, width } from './text/text.js';

const barWidth = 20;
const nodeWidth = 28;

interface Row {
  node: string;
  from: number;
  to: number;
  now: number;
}

/**
 * A bar for each node: what it holds now, and where that goes. Full: held now. Light: still to come. Dark: still to
 * go. Shards are shown where no bytes are known. Nodes beyond `room` are only counted.
 */
export function nodeBars({ before, after }: Plan, progress: Progress, paint: Colors, room: number): string {
  const isKnown = [...before.workers, ...after.workers].some(({ bytes: size }) => size > 0);
  const on = isKnown ? bytesOn : shardsOn;
  const figure = isKnown ? bytes : (n: number): string => count(n, 'shard');
  const flow = isKnown ? progress.byNode : undefined;
  const share = progress.total > 0 ? progress.done / progress.total : 1;
  const rows = nodesOf(before, after).map((node): Row => {
    const [from, to] = [on(before, node), on(after, node)];
    // Where it isn't told what came of each node, all go the same way.
    const change = flow ? (flow.find((each) => each.node === node)?.bytes ?? 0) : (to - from) * share;
    return { node, from, to, now: Math.max(0, Math.round(from + change)) };
  });
  const most = [...rows].sort((a, b) => changeOf(b) - changeOf(a)).slice(0, room);
  const visible = rows.filter((row) => most.includes(row));
  const hidden = rows.length - visible.length;
  return [
    ...barLines(visible, figure, paint),
    ...(hidden > 0 ? [paint.dim(`  and ${count(hidden, 'more node')}`)] : []),
  ].join('\n');
}

/** Those with most still before them are told first, then those with most behind them. */
function changeOf({ from, to, now }: Row): number {
  return 2 * Math.abs(to - now) + Math.abs(now - from);
}

function barLines(rows: Row[], figure: (value: number) => string, paint: Colors): string[] {
  const most = Math.max(1, ...rows.flatMap(({ from, to, now }) => [from, to, now]));
  const names = Math.min(nodeWidth, Math.max(...rows.map(({ node }) => width(node))));
  const nowWidth = Math.max(...rows.map(({ now }) => width(figure(now))));
  return rows.map(({ node, to, now }) => {
    const route = figure(now) === figure(to) ? '' : paint.dim(` → ${figure(to)}`);
    return `  ${pad(cutMiddle(node, names), names)}  ${bar(now, to, most, paint)}  ${pad(figure(now), nowWidth, 'left')}${route}`;
  });
}

function bar(now: number, to: number, most: number, paint: Colors): string {
  const cells = (value: number): number => Math.round((value / most) * barWidth);
  const common = cells(Math.min(now, to));
  const between = cells(Math.max(now, to)) - common;
  const open = barWidth - common - between;
  const change = now > to ? paint.yellow('▓'.repeat(between)) : paint.dim('░'.repeat(between));
  return `${paint.cyan('█'.repeat(common))}${change}${' '.repeat(open)}`;
}

/** Before and after of each node, for a plan or a report. */
export function balanceChange(before: Balance, after: Balance, paint: Colors): string {
  const nodes = nodesOf(before, after);
  const names = Math.min(nodeWidth, Math.max(4, ...nodes.map(width)));
  const cell = (value: string): string => pad(value, 9, 'left');
  const head = paint.dim(
    `  ${pad('node', names)}  ${cell('before')}    ${cell('after')}  ${pad('shards', 13, 'left')}`,
  );
  const lines = nodes.map((node) => {
    const counts = `${shardsOn(before, node)} → ${shardsOn(after, node)}`;
    return `  ${pad(cutMiddle(node, names), names)}  ${cell(sizeOn(before, node))}  → ${cell(sizeOn(after, node))}  ${paint.dim(pad(counts, 13, 'left'))}`;
  });
  const pinned = after.pinnedShards > 0 ? [pinnedShards(after)] : [];
  return [head, ...lines, ...[skewLine(before, after), ...pinned].map((line) => paint.dim(`  ${line}`))].join(
    '\n',
  );
}

function skewLine(before: Balance, after: Balance): string {
  if (before.sizesUnknown || after.sizesUnknown) return 'sizes not known: a node doesn’t answer';
  if (before.skew === 0 && after.skew === 0) return 'no data to balance';
  return `the fullest worker holds ${before.skew.toFixed(2)} → ${after.skew.toFixed(2)} times the mean`;
}

/** `5 shards never move (copies of reference tables, local tables)` */
export function pinnedShards({ pinnedShards: pinned }: Balance): string {
  return `${count(pinned, 'shard never moves', 'shards never move')} (copies of reference tables, local tables)`;
}

function nodesOf(...balances: Balance[]): string[] {
  return [...new Set(balances.flatMap(({ workers }) => workers.map(({ node }) => node)))];
}

function sizeOn(balance: Balance, node: string): string {
  return balance.sizesUnknown ? '–' : bytes(bytesOn(balance, node));
}

function bytesOn(balance: Balance, node: string): number {
  return balance.workers.find((worker) => worker.node === node)?.bytes ?? 0;
}

function shardsOn(balance: Balance, node: string): number {
  return balance.workers.find((worker) => worker.node === node)?.shards ?? 0;
}
