import type { Colors } from 'picocolors/types.js';
import type { OperationReport, OperationStatus, Step } from '../../contract/index.js';
import { balanceChange } from './balance.js';
import { bytes, count, duration, secondsBetween } from './text/figures.js';
import { renderPlan } from './plan.js';
import { renderStatus } from './status.js';
import { heading, steps } from './state.js';
import { checkLines, standsOut } from './checks.js';
import { givenUpLines } from './rescue.js';
import { wrap } from './text/text.js';
import { windowLines } from './window.js';

/** Whether it is the status of an operation that is over, with what came of it. */
export function isReport(status: OperationStatus): status is OperationReport {
  return 'endedAt' in status && 'notes' in status;
}

/** Writes what came of an operation: how long, how much, how even now, and what one should know. */
export function renderReport(status: OperationStatus, paint: Colors, columns: number): string {
  if (!isReport(status)) return renderStatus(status, paint, columns, Date.now());
  const { plan, before, after, state, notes } = status;
  if (state !== 'done') {
    const body = renderStatus(status, paint, columns, Date.parse(status.endedAt));
    return [body, wrap(summary(status), columns), ...noteLines(notes, columns)].join('\n\n');
  }
  const dryRun = plan !== undefined && after === undefined;
  const outstanding = status.checks.filter(standsOut);
  return [
    heading(status, paint),
    steps(dryRun ? status.steps.filter(wasTaken) : status.steps, paint, columns, Date.parse(status.endedAt)),
    ...(dryRun ? [renderPlan(plan, status.checks, paint, columns, status)] : []),
    ...(dryRun ? windowLines(status, columns, Date.parse(status.endedAt)) : []),
    ...(before && after && !plan?.cleanups && !plan?.salvage ? [balanceChange(before, after, paint)] : []),
    ...(!dryRun && plan?.loss ? [givenUpLines(plan.loss, paint, columns).join('\n')] : []),
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
  const { plan, state, startedAt, endedAt, movedShardGroups, movedBytes, unansweredMoves = 0 } = report;
  const time = duration(secondsBetween(startedAt, endedAt));
  if (plan?.salvage)
    return state === 'done'
      ? `Salvaged in ${time}.`
      : `Ended after ${time}; what was brought over stays, the rest is there still.`;
  if (state !== 'done' && plan && !plan.cleanups && unansweredMoves === 0)
    return [made(movedShardGroups, plan.movesTotal, movedBytes, time), ...leftThere(report)].join('\n');
  if (plan?.cleanups)
    return state === 'done'
      ? `Cleaned up in ${time}.`
      : `Ended after ${time}; what was not removed yet is left.`;
  if (unansweredMoves === 0 && movedShardGroups === 0) return `Nothing was moved, in ${time}.`;
  if (plan?.rungs) return `${count(movedShardGroups, 'shard group')} made anew, in ${time}.`;
  const moved = `${count(movedShardGroups, 'shard group')} moved, ${bytes(movedBytes)}, in ${time}.`;
  return unansweredMoves === 0
    ? moved
    : `${moved}\nOf ${count(unansweredMoves, 'more move')} it is not known whether they were made.`;
}

/** `3 of 24 moves were made, 4 GB, in 17 min; 21 are left.` A later round makes more than its plan had. */
function made(moved: number, planned: number, size: number, time: string): string {
  const left = Math.max(0, planned - moved);
  if (planned === 0) return `Ended after ${time}; no move was planned.`;
  if (moved === 0) return `None of ${count(planned, 'move')} was made, in ${time}.`;
  const rest = left === 0 ? '' : `; ${left} ${left === 1 ? 'is' : 'are'} left`;
  return `${Math.min(moved, planned)} of ${count(planned, 'move')} were made, ${bytes(size)}, in ${time}${rest}.`;
}

/** What was moved stays, and a new start goes on from there. */
function leftThere({ movedShardGroups }: OperationReport): string[] {
  return movedShardGroups === 0
    ? []
    : ['What was moved stays where it is. The same operation, started again, goes on from there.'];
}

function noteLines(notes: string[], columns: number): string[] {
  return notes.length === 0 ? [] : [notes.map((note) => wrap(`  · ${note}`, columns, 4)).join('\n')];
}
