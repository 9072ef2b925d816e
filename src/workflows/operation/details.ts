import {
  consequences,
  type GovernorStatus,
  type OperationStatus,
  type Plan,
  type WindowStatus,
} from '../../contract/index.js';
import { formatBytes, formatTables } from '../../text/figures.js';
import { remedyInTemporal } from './remedy.js';

const stepMarks = { pending: '·', running: '▶', done: '✓', skipped: '–', failed: '✗' } as const;

/** Writes the current details of an operation for the Temporal UI, as Markdown. */
export function renderDetails(status: OperationStatus, notes: string[]): string {
  return [
    `**${status.type}** of **${status.cluster}**: ${status.state}${pause(status)}`,
    ...attention(status),
    ...window(status.window),
    ...governor(status.governor),
    ...progress(status),
    status.steps
      .map(({ name, state, detail }) => `- ${stepMarks[state]} ${name}${detail ? `: ${detail}` : ''}`)
      .join('\n'),
    ...(status.plan ? planSection(status.plan, status) : []),
    ...checks(status),
    ...(notes.length > 0 ? [['**Notes**', ...notes.slice(0, 20).map((note) => `- ${note}`)].join('\n')] : []),
  ].join('\n\n');
}

function pause({ paused }: OperationStatus): string {
  if (!paused) return '';
  return ` (paused by ${paused.by}${paused.reason === undefined ? '' : `: ${paused.reason}`})`;
}

function attention(status: OperationStatus): string[] {
  const { attention: problem } = status;
  if (!problem) return [];
  const remedies = problem.remedies.map((remedy) => `- ${remedyInTemporal(remedy, status)}`);
  return [[`### Needs attention: ${problem.problem}`, '', problem.evidence, '', ...remedies].join('\n')];
}

function progress({ progress: now }: OperationStatus): string[] {
  if (!now) return [];
  const [done, total] =
    now.basis === 'bytes'
      ? [formatBytes(now.done), formatBytes(now.total)]
      : [now.done, `${now.total} moves`];
  const waiting = now.waitingFor === undefined ? '' : `; the others wait for ${now.waitingFor}`;
  return [`Moved ${done} of ${total} (${now.percent} %), ${now.movingTotal} at work${waiting}`];
}

function governor(now: GovernorStatus | undefined): string[] {
  if (!now) return [];
  return [`Moves at once by the load: ${now.parallelMoves} of ${now.ceiling}, since ${now.reason}`];
}

function window(now: WindowStatus | undefined): string[] {
  if (!now) return [];
  const { ignored, open, opensAt, closesAt } = now;
  if (ignored) return [`Maintenance windows are ignored, by ${ignored.by}: ${ignored.reason}`];
  const times = [
    ...(closesAt === undefined ? [] : [`closes ${closesAt}`]),
    ...(opensAt === undefined ? [] : [`${open ? 'the next ' : ''}opens ${opensAt}`]),
  ];
  return [`Maintenance window: ${[open ? 'open' : 'closed', ...times].join(', ')}`];
}

function planSection(plan: Plan, { state, checks: all }: OperationStatus): string[] {
  const effects = all.filter(({ id, ok }) => ok && consequences.includes(id));
  return [
    ...sectionsOf(plan),
    ...(effects.length > 0
      ? [
          effects
            .slice(0, 50)
            .map(({ evidence }) => `- ${evidence}`)
            .join('\n'),
        ]
      : []),
    ...(state === 'awaiting-approval'
      ? [
          `Waiting for approval: send the update \`approve\` with \`{"by": "<you>", "planHash": "${plan.hash}"}\`, or \`reject\` with \`{"by": "<you>", "reason": "<why>"}\`.`,
        ]
      : []),
  ];
}

function sectionsOf(plan: Plan): string[] {
  if (plan.cleanups) return cleanupsSection(plan);
  const { hash, isolatedWorkers = [], rejoinedWorkers = [] } = plan;
  if (isolatedWorkers.length + rejoinedWorkers.length === 0) return movementSection(plan);
  const lines = [
    ...isolatedWorkers.map((node) => `- isolated: ${node}`),
    ...rejoinedWorkers.map((node) => `- gets the metadata again: ${node}`),
  ];
  return [`### Plan ${hash}`, lines.join('\n')];
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
        `| ${formatTables(move.tables)}, ${move.shardIds[0] ?? ''} | ${move.from} | ${move.to} | ${formatBytes(move.bytes)} |`,
    );
  const more = movesTotal > 10 ? [`| and ${movesTotal - 10} more | | | |`] : [];
  const names = [...new Set([...before.workers, ...after.workers].map(({ node }) => node))];
  const bytesOf = (balance: Plan['before'], node: string): string =>
    formatBytes(balance.workers.find((worker) => worker.node === node)?.bytes ?? 0);
  return [
    `### Plan ${hash}: ${movesTotal} moves, ${formatBytes(bytes)}`,
    ...workers(plan),
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

/** What becomes of the workers that the plan is about. */
function workers({ newWorkers, removedWorkers, drainedWorkers = [], restoredWorkers = [] }: Plan): string[] {
  const lines = [
    ...newWorkers.map((node) => `- new: ${node}`),
    ...removedWorkers.map((node) => `- emptied and removed: ${node}`),
    ...drainedWorkers.map((node) => `- emptied: ${node}`),
    ...restoredWorkers.map((node) => `- back in service: ${node}`),
  ];
  return lines.length > 0 ? [lines.join('\n')] : [];
}

function checks(status: OperationStatus): string[] {
  const { checks: all } = status;
  const failed = all.filter(({ ok }) => !ok);
  if (all.length === 0) return [];
  return [
    [
      `**Checks**: ${all.length - failed.length} passed, ${failed.length} stand out`,
      ...failed
        .slice(0, 30)
        .map(
          ({ id, severity, evidence, remedy }) =>
            `- ${severity} \`${id}\`: ${evidence}${remedy ? ` → ${remedyInTemporal(remedy, status)}` : ''}`,
        ),
    ].join('\n'),
  ];
}
