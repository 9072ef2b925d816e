import type { Colors } from 'picocolors/types.js';
import type { OperationReport, OperationStatus, Step } from '../../contract/index.js';
import { balanceChange } from './balance.js';
import { bytes, count, duration, secondsBetween } from './figures.js';
import { renderPlan } from './plan.js';
import { renderStatus } from './status.js';
import { heading, steps } from './state.js';
import { checkLines, standsOut } from './checks.js';
import { wrap } from './text.js';
import { windowLines } from './window.js';

export function isReport(status: OperationStatus): status is OperationReport {
  return 'endedAt' in status && 'notes' in status;
}

/** What came of an operation: how long, how much, how even now, and what one should know. */
export function renderReport(status: OperationStatus, paint: Colors, columns: number): string {
  if (!isReport(status)) return renderStatus(status, paint, columns, Date.now());
  const { plan, before, after, state, notes } = status;
  if (state !== 'done') {
    const body = renderStatus(status, paint, columns, Date.parse(status.endedAt));
    return [body, summary(status), ...noteLines(notes, columns)].join('\n\n');
  }
  const dryRun = plan !== undefined && after === undefined;
  const outstanding = status.checks.filter(standsOut);
  return [
    heading(status, paint),
    steps(dryRun ? status.steps.filter(wasTaken) : status.steps, paint, columns, Date.parse(status.endedAt)),
    ...(dryRun ? [renderPlan(plan, status.checks, paint, columns, status)] : []),
    ...(dryRun ? windowLines(status, columns, Date.parse(status.endedAt)) : []),
    ...(before && after && !plan?.cleanups ? [balanceChange(before, after, paint)] : []),
    ...(!dryRun && outstanding.length > 0 ? [checkLines(outstanding, paint, columns, status)] : []),
    ...(dryRun ? ['Dry run: nothing was changed.'] : [summary(status)]),
    ...noteLines(notes, columns),
  ].join('\n\n');
}

/** A dry run skips all that would change something; that needs no line each. */
function wasTaken({ state }: Step): boolean {
  return state !== 'skipped';
}

function summary(report: OperationReport): string {
  const { plan, startedAt, endedAt, movedShardGroups, movedBytes, unansweredMoves = 0 } = report;
  const time = duration(secondsBetween(startedAt, endedAt));
  if (plan?.cleanups) return `Cleaned up in ${time}.`;
  if (unansweredMoves === 0 && movedShardGroups === 0) return `Nothing was moved, in ${time}.`;
  const moved = `${count(movedShardGroups, 'shard group')} moved, ${bytes(movedBytes)}, in ${time}.`;
  return unansweredMoves === 0
    ? moved
    : `${moved}\nOf ${count(unansweredMoves, 'more move')} it is not known whether they were made.`;
}

function noteLines(notes: string[], columns: number): string[] {
  return notes.length === 0 ? [] : [notes.map((note) => wrap(`  · ${note}`, columns, 4)).join('\n')];
}
