import type { Colors } from 'picocolors/types.js';
import type { Balance } from '../../contract/index.js';
import { bytes, count } from './figures.js';
import { cutMiddle, pad, width } from './text.js';

const barWidth = 20;
const nodeWidth = 28;

/**
 * A bar for each node: what it holds now, and where that goes. Full: held now. Light: still to come. Dark: still to
 * go. `share` is how much of the way is done, 0 to 1; a node's own share is not known while it runs, so all go alike.
 */
export function nodeBars(before: Balance, after: Balance, share: number, paint: Colors): string {
  const rows = nodesOf(before, after).map((node) => {
    const from = bytesOn(before, node);
    const to = bytesOn(after, node);
    return { node, from, to, now: from + (to - from) * share };
  });
  const most = Math.max(1, ...rows.flatMap(({ from, to }) => [from, to]));
  const names = Math.min(nodeWidth, Math.max(...rows.map(({ node }) => width(node))));
  const figures = rows.map(({ now, to }) => ({ now: bytes(Math.round(now)), to: bytes(to) }));
  const nowWidth = Math.max(...figures.map(({ now }) => width(now)));
  return rows
    .map(({ node, from, to, now }, index) => {
      const figure = figures[index];
      const route =
        from === to || figure === undefined || figure.now === figure.to ? '' : paint.dim(` → ${figure.to}`);
      return `  ${pad(cutMiddle(node, names), names)}  ${bar(now, to, most, paint)}  ${pad(figure?.now ?? '', nowWidth, 'left')}${route}`;
    })
    .join('\n');
}

function bar(now: number, to: number, most: number, paint: Colors): string {
  const cells = (value: number): number => Math.round((value / most) * barWidth);
  const kept = cells(Math.min(now, to));
  const between = cells(Math.max(now, to)) - kept;
  const open = barWidth - kept - between;
  const change = now > to ? paint.yellow('▓'.repeat(between)) : paint.dim('░'.repeat(between));
  return `${paint.cyan('█'.repeat(kept))}${change}${' '.repeat(open)}`;
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
    return `  ${pad(cutMiddle(node, names), names)}  ${cell(bytes(bytesOn(before, node)))}  → ${cell(bytes(bytesOn(after, node)))}  ${paint.dim(pad(counts, 13, 'left'))}`;
  });
  return [head, ...lines, paint.dim(`  ${skewLine(before, after)}`)].join('\n');
}

function skewLine(before: Balance, after: Balance): string {
  const pinned = after.pinnedShards > 0 ? `; ${count(after.pinnedShards, 'shard')} that never move` : '';
  if (before.skew === 0 && after.skew === 0) return `no data to balance${pinned}`;
  return `largest over mean: ${before.skew.toFixed(2)} → ${after.skew.toFixed(2)}${pinned}`;
}

function nodesOf(...balances: Balance[]): string[] {
  return [...new Set(balances.flatMap(({ workers }) => workers.map(({ node }) => node)))];
}

function bytesOn(balance: Balance, node: string): number {
  return balance.workers.find((worker) => worker.node === node)?.bytes ?? 0;
}

function shardsOn(balance: Balance, node: string): number {
  return balance.workers.find((worker) => worker.node === node)?.shards ?? 0;
}
