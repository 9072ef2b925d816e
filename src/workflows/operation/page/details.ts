import {
  consequences,
  givesUp,
  isOver,
  type GovernorStatus,
  type OperationStatus,
  type WindowStatus,
} from '../../../contract/index.js';
import { formatBytes } from '../../../text/figures.js';
import { oneLine } from '../../../text/lines.js';
import { momentIn } from '../../../text/moment.js';
import { code, item, list } from './markdown.js';
import { planLines, planTables, planTitle } from './plan.js';
import { remedyInTemporal } from './remedy.js';

const stepMarks = { pending: '·', running: '▶', done: '✓', skipped: '–', failed: '✗' } as const;

/**
 * Writes the current details of an operation for the Temporal UI, as Markdown.
 *
 * @param ahead what running batches have done beyond the progress in the status
 */
export function renderDetails(status: OperationStatus, notes: string[], ahead = 0): string {
  return [
    `**${status.type}** of **${status.cluster}**: ${status.state}${pause(status)}`,
    ...approval(status),
    ...attention(status),
    ...window(status.window),
    ...governor(status.governor),
    ...progress(status, ahead),
    // Who approves reads what speaks against it before the tables.
    ...(status.state === 'awaiting-approval' ? checks(status) : []),
    // A list right behind another would be taken for one.
    ...(status.steps.length > 0 ? ['**Steps**', stepList(status)] : []),
    ...planSection(status),
    ...(status.state === 'awaiting-approval' ? [] : checks(status)),
    ...(notes.length > 0 ? ['**Notes**', list(notes.slice(0, 20))] : []),
  ].join('\n\n');
}

function stepList({ steps }: OperationStatus): string {
  return steps.map(({ name, state, detail }) => step(stepMarks[state], name, detail)).join('\n');
}

function step(mark: string, name: string, detail: string | undefined): string {
  return `- ${mark} ${name}${detail ? `: ${item(detail)}` : ''}`;
}

/** What waits for a person's word, and how to give it. */
function approval({ state, plan, checks: all }: OperationStatus): string[] {
  if (state !== 'awaiting-approval' || !plan) return [];
  const effects = all.filter(({ id, ok }) => ok && consequences.includes(id));
  const backup = givesUp(plan) ? ', "backup": "<the newest backup of it>"' : '';
  const yes = `{"by": "<you>", "planHash": "${plan.hash}"${backup}}`;
  return [
    `### Waiting for approval: ${planTitle(plan)}`,
    ...planLines(plan),
    ...(effects.length > 0 ? [list(effects.slice(0, 50).map(({ evidence }) => evidence))] : []),
    `Send the update \`approve\` with ${code(yes)}, or \`reject\` with \`{"by": "<you>", "reason": "<why>"}\`.`,
  ];
}

/** What is to be approved stands above. */
function planSection({ state, plan }: OperationStatus): string[] {
  if (!plan) return [];
  const rest = [...(state === 'awaiting-approval' ? [] : planLines(plan)), ...planTables(plan)];
  return rest.length > 0 ? [`### Plan ${plan.hash}: ${planTitle(plan)}`, ...rest] : [];
}

function pause({ paused }: OperationStatus): string {
  if (!paused) return '';
  return ` (paused by ${paused.by}${paused.reason === undefined ? '' : `: ${paused.reason}`})`;
}

function attention(status: OperationStatus): string[] {
  const { attention: problem } = status;
  if (!problem) return [];
  const remedies = problem.remedies.map((remedy) => remedyInTemporal(remedy, status));
  const seen = problem.evidence.split('\n').filter((line) => line !== '');
  return [
    `### Needs attention: ${oneLine(problem.problem)}`,
    ...(remedies.length > 0 ? ['What to do:', remedies.map((remedy) => `- ${remedy}`).join('\n')] : []),
    ...(seen.length > 0 ? ['What was seen:', list(seen)] : []),
  ];
}

function progress({ progress: now, state }: OperationStatus, ahead: number): string[] {
  if (!now || isOver(state)) return [];
  const sum = Math.min(now.total, now.done + ahead);
  const percent = ahead > 0 ? Math.floor((100 * sum) / Math.max(1, now.total)) : now.percent;
  const [done, total] =
    now.basis === 'bytes' ? [formatBytes(sum), formatBytes(now.total)] : [sum, `${now.total} moves`];
  const waiting = now.waitingFor === undefined ? '' : `; the others wait for ${now.waitingFor}`;
  return [
    `Moved ${done} of ${total} (${percent} %), ${now.movingTotal} at work${waiting}; \`citus-scaler watch\` shows each move`,
  ];
}

function governor(now: GovernorStatus | undefined): string[] {
  if (!now) return [];
  return [`Moves at once by the load: ${now.parallelMoves} of ${now.ceiling}, since ${now.reason}`];
}

function window(now: WindowStatus | undefined): string[] {
  if (!now) return [];
  const { ignored, open, opensAt, closesAt, timezone } = now;
  if (ignored) return [`Maintenance windows are ignored, by ${ignored.by}: ${ignored.reason}`];
  const times = [
    ...(closesAt === undefined ? [] : [`closes ${momentIn(closesAt, timezone)}`]),
    ...(opensAt === undefined ? [] : [`${open ? 'the next ' : ''}opens ${momentIn(opensAt, timezone)}`]),
  ];
  return [`Maintenance window: ${[open ? 'open' : 'closed', ...times].join(', ')}`];
}

function checks(status: OperationStatus): string[] {
  const { checks: all } = status;
  const failed = all.filter(({ ok }) => !ok);
  if (all.length === 0) return [];
  const lines = failed
    .slice(0, 30)
    .flatMap(({ id, severity, evidence, remedy }) => [
      `- ${severity} \`${id}\`: ${item(evidence)}`,
      ...(remedy ? [`    - ${remedyInTemporal(remedy, status)}`] : []),
    ]);
  return [
    `**Checks**: ${all.length - failed.length} passed, ${failed.length} stand out`,
    ...(lines.length > 0 ? [lines.join('\n')] : []),
  ];
}
