import type { Check, GovernorStatus, OperationStatus, Plan, WindowStatus } from '../../contract/index.js';
import { formatBytes, formatTables } from '../../planning/format.js';
import type { Board } from './board.js';

const stepMarks = { pending: '·', running: '▶', done: '✓', skipped: '–', failed: '✗' } as const;

/** What the Temporal UI shows of an operation, as Markdown. */
export function renderDetails({ status, notes, paused }: Board): string {
  return [
    `**${status.type}** of **${status.cluster}**: ${status.state}${paused ? ` (paused by ${paused.by})` : ''}`,
    ...attention(status),
    ...window(status.window),
    ...governor(status.governor),
    ...progress(status),
    status.steps
      .map(({ name, state, detail }) => `- ${stepMarks[state]} ${name}${detail ? `: ${detail}` : ''}`)
      .join('\n'),
    ...(status.plan ? plan(status.plan, status.state === 'awaiting-approval') : []),
    ...checks(status.checks),
    ...(notes.length > 0 ? [['**Notes**', ...notes.slice(0, 20).map((note) => `- ${note}`)].join('\n')] : []),
  ].join('\n\n');
}

function attention({ attention: problem }: OperationStatus): string[] {
  if (!problem) return [];
  const remedies = problem.remedies.map((remedy) => `- ${remedy}`);
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

function plan({ hash, moves, movesTotal, bytes, newWorkers, before, after }: Plan, ask: boolean): string[] {
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
    `### Plan ${hash}: ${movesTotal} moves, ${formatBytes(bytes)}${newWorkers.length > 0 ? `, new: ${newWorkers.join(', ')}` : ''}`,
    ...(rows.length > 0
      ? [['| shard group | from | to | size |', '|---|---|---|---|', ...rows, ...more].join('\n')]
      : []),
    [
      '| worker | before | after |',
      '|---|---|---|',
      ...names.slice(0, 50).map((node) => `| ${node} | ${bytesOf(before, node)} | ${bytesOf(after, node)} |`),
    ].join('\n'),
    ...(ask
      ? [
          `Waiting for approval: send the update \`approve\` with \`{"by": "<you>", "planHash": "${hash}"}\`, or \`reject\` with \`{"by": "<you>", "reason": "<why>"}\`.`,
        ]
      : []),
  ];
}

function checks(all: Check[]): string[] {
  const failed = all.filter(({ ok }) => !ok);
  if (all.length === 0) return [];
  return [
    [
      `**Checks**: ${all.length - failed.length} passed, ${failed.length} stand out`,
      ...failed
        .slice(0, 30)
        .map(
          ({ id, severity, evidence, remedy }) =>
            `- ${severity} \`${id}\`: ${evidence}${remedy ? ` → ${remedy}` : ''}`,
        ),
    ].join('\n'),
  ];
}
