import {
  consequences,
  type GovernorStatus,
  type OperationStatus,
  type Plan,
  type Replacement,
  type Salvage,
  type WindowStatus,
} from '../../contract/index.js';
import { count, formatBytes, formatSeconds, formatTables } from '../../text/figures.js';
import { oneLine, shorten } from '../../text/lines.js';
import { momentIn } from '../../text/moment.js';
import { remedyInTemporal } from './remedy.js';

/** Characters of an entry: three lines of the page. */
const longestItem = 400;
const stepMarks = { pending: '·', running: '▶', done: '✓', skipped: '–', failed: '✗' } as const;

/** Writes the current details of an operation for the Temporal UI, as Markdown. */
export function renderDetails(status: OperationStatus, notes: string[]): string {
  return [
    `**${status.type}** of **${status.cluster}**: ${status.state}${pause(status)}`,
    ...approval(status),
    ...attention(status),
    ...window(status.window),
    ...governor(status.governor),
    ...progress(status),
    // Who approves reads what speaks against it before the tables.
    ...(status.state === 'awaiting-approval' ? checks(status) : []),
    status.steps.map(({ name, state, detail }) => step(stepMarks[state], name, detail)).join('\n'),
    ...(status.plan ? sectionsOf(status.plan) : []),
    ...(status.state === 'awaiting-approval' ? [] : checks(status)),
    ...(notes.length > 0 ? ['**Notes**', list(notes.slice(0, 20))] : []),
  ].join('\n\n');
}

function step(mark: string, name: string, detail: string | undefined): string {
  return `- ${mark} ${name}${detail ? `: ${item(detail)}` : ''}`;
}

/** A list in Markdown. An entry of several lines would end it, and one of a thousand characters hides the others. */
function list(entries: string[]): string {
  return entries.map((entry) => `- ${item(entry)}`).join('\n');
}

function item(text: string): string {
  return shorten(oneLine(text), longestItem);
}

/** What waits for a person's word, and how to give it. */
function approval({ state, plan, checks: all }: OperationStatus): string[] {
  if (state !== 'awaiting-approval' || !plan) return [];
  const effects = all.filter(({ id, ok }) => ok && consequences.includes(id));
  return [
    `### Waiting for approval: plan ${plan.hash}, ${sizeOf(plan)}`,
    ...workers(plan),
    ...stall(plan),
    ...(effects.length > 0 ? [list(effects.slice(0, 50).map(({ evidence }) => evidence))] : []),
    `Send the update \`approve\` with \`{"by": "<you>", "planHash": "${plan.hash}"}\`, or \`reject\` with \`{"by": "<you>", "reason": "<why>"}\`.`,
  ];
}

function sizeOf({ cleanups, cleanupsTotal = 0, movesTotal, bytes }: Plan): string {
  return cleanups
    ? `${count(cleanupsTotal, 'leftover')} to remove`
    : `${count(movesTotal, 'move')}, ${formatBytes(bytes)}`;
}

function pause({ paused }: OperationStatus): string {
  if (!paused) return '';
  return ` (paused by ${paused.by}${paused.reason === undefined ? '' : `: ${paused.reason}`})`;
}

function attention(status: OperationStatus): string[] {
  const { attention: problem } = status;
  if (!problem) return [];
  const remedies = problem.remedies.map((remedy) => remedyInTemporal(remedy, status));
  return [
    `### Needs attention: ${oneLine(problem.problem)}`,
    ...(problem.evidence === '' ? [] : [list(problem.evidence.split('\n').filter((line) => line !== ''))]),
    ...(remedies.length > 0 ? ['What to do:', list(remedies)] : []),
  ];
}

function progress({ progress: now }: OperationStatus): string[] {
  if (!now) return [];
  const [done, total] =
    now.basis === 'bytes'
      ? [formatBytes(now.done), formatBytes(now.total)]
      : [now.done, `${now.total} moves`];
  const waiting = now.waitingFor === undefined ? '' : `; the others wait for ${now.waitingFor}`;
  return [
    `Moved ${done} of ${total} (${now.percent} %), ${now.movingTotal} at work${waiting}; it grows as batches end, \`citus-scaler watch\` knows more`,
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

function sectionsOf(plan: Plan): string[] {
  if (plan.cleanups) return cleanupsSection(plan);
  if (plan.salvage) return salvageSection(plan.hash, plan.salvage);
  if (plan.replacement) return replacementSection(plan, plan.replacement);
  const { hash, isolatedWorkers = [], rejoinedWorkers = [] } = plan;
  if (isolatedWorkers.length + rejoinedWorkers.length === 0) return movementSection(plan);
  const lines = [
    ...isolatedWorkers.map((node) => `- isolated: ${node}`),
    ...rejoinedWorkers.map((node) => `- gets the metadata again: ${node}`),
  ];
  return [`### Plan ${hash}`, lines.join('\n')];
}

function salvageSection(hash: string, { node, fenced, tables, missing, conflicts }: Salvage): string[] {
  const lines = tables.map(
    ({ table, rows = 0, missing: lacking = 0, conflicts: others = 0, why }) =>
      `- ${item(table)}: ${why === undefined ? `${lacking} of ${count(rows, 'row')} missing, ${count(others, 'conflict')}` : item(why)}`,
  );
  return [
    `### Plan ${hash}: ${count(missing, 'row')} of ${node} to bring over, ${count(conflicts, 'conflict')}`,
    [...(fenced ? [] : [`- ${node} is fenced first`]), ...lines].join('\n'),
  ];
}

function replacementSection(
  { hash, movesTotal }: Plan,
  { node, clone, lagBytes, heldSeconds, pointOfNoReturn, splits }: Replacement,
): string[] {
  const lag = lagBytes === undefined ? '' : `, which lacks ${formatBytes(lagBytes)} of its WAL`;
  return [
    `### Plan ${hash}`,
    [
      `- ${node} → ${clone}, a standby of it${lag}`,
      `- all statements wait for about ${formatSeconds(heldSeconds)}; ${splits ? `${count(movesTotal, 'shard group')} go over with it` : 'no shard moves'}`,
      `- no way back from: ${item(pointOfNoReturn)}`,
    ].join('\n'),
  ];
}

function cleanupsSection({ hash, cleanups = [], cleanupsTotal = 0 }: Plan): string[] {
  const rows = cleanups.map(
    ({ kind, node, name, how, bytes }) =>
      `- ${kind} \`${name}\` on ${node}${bytes === undefined ? '' : `, ${formatBytes(bytes)}`}: ${how}`,
  );
  const more = cleanupsTotal > cleanups.length ? [`- and ${cleanupsTotal - cleanups.length} more`] : [];
  return [`### Plan ${hash}: ${cleanupsTotal} leftovers to remove`, [...rows, ...more].join('\n')];
}

function movementSection(plan: Plan): string[] {
  const { hash, moves, movesTotal, bytes, before, after } = plan;
  const rows = moves
    .slice(0, 10)
    .map(
      (move) =>
        `| ${formatTables(move.tables)}, ${move.shardIds[0] ?? ''} | ${move.from} | ${move.to} | ${formatBytes(move.bytes)}${move.mode === 'blocking' ? ', writes wait' : ''} |`,
    );
  const more = movesTotal > 10 ? [`| and ${movesTotal - 10} more | | | |`] : [];
  const names = [...new Set([...before.workers, ...after.workers].map(({ node }) => node))];
  const bytesOf = (balance: Plan['before'], node: string): string =>
    formatBytes(balance.workers.find((worker) => worker.node === node)?.bytes ?? 0);
  return [
    `### Plan ${hash}: ${movesTotal} moves, ${formatBytes(bytes)}`,
    ...workers(plan),
    ...stall(plan),
    ...(rows.length > 0
      ? [['| shard group | from | to | size |', '|---|---|---|---|', ...rows, ...more].join('\n')]
      : []),
    [
      '| worker | before | after |',
      '|---|---|---|',
      ...names.slice(0, 50).map((node) => `| ${node} | ${bytesOf(before, node)} | ${bytesOf(after, node)} |`),
    ].join('\n'),
  ];
}

function stall({ longestStallSeconds = 0 }: Plan): string[] {
  return longestStallSeconds > 0
    ? [`Writes to a shard group wait for up to ${formatSeconds(longestStallSeconds)}.`]
    : [];
}

/** What becomes of the workers that the plan is about. */
function workers(plan: Plan): string[] {
  const { newWorkers, removedWorkers, drainedWorkers = [], restoredWorkers = [], rungs, loss } = plan;
  const lines = [
    ...(rungs ?? []).map(
      ({ id, why, chosen }) => `- ${chosen ? '**' : ''}${id}${chosen ? '** (taken)' : ''}: ${item(why)}`,
    ),
    ...(loss ? [`- **lost**: ${item(loss.sentence)}`] : []),
    ...newWorkers.map((node) => `- new: ${node}`),
    ...removedWorkers.map((node) => `- ${rungs ? 'dead, taken out' : 'emptied and removed'}: ${node}`),
    ...drainedWorkers.map((node) => `- emptied: ${node}`),
    ...restoredWorkers.map((node) => `- back in service: ${node}`),
  ];
  return lines.length > 0 ? [lines.join('\n')] : [];
}

function checks(status: OperationStatus): string[] {
  const { checks: all } = status;
  const failed = all.filter(({ ok }) => !ok);
  if (all.length === 0) return [];
  const lines = failed
    .slice(0, 30)
    .flatMap(({ id, severity, evidence, remedy }) => [
      `- ${severity} \`${id}\`: ${item(evidence)}`,
      ...(remedy ? [`    - ${item(remedyInTemporal(remedy, status))}`] : []),
    ]);
  return [
    `**Checks**: ${all.length - failed.length} passed, ${failed.length} stand out`,
    ...(lines.length > 0 ? [lines.join('\n')] : []),
  ];
}
