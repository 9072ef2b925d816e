import type { Colors } from 'picocolors/types.js';
import { givesUp, isOver, type Attention, type OperationStatus } from '../../contract/index.js';
import { checkLines, standsOut } from './checks.js';
import { governorLines } from './governor.js';
import { renderPlan } from './plan.js';
import { renderProblem } from './problem.js';
import { renderProgress } from './progress.js';
import { commandOf, remedyLines, type About } from './remedy.js';
import { roomy, type Room } from './text/room.js';
import { briefSteps, heading, pausedBy, steps } from './state.js';
import { wrap } from './text/text.js';
import { windowLines } from './window.js';

/** Everything that matters about an operation now, in one screen. */
export function renderStatus(
  status: OperationStatus,
  paint: Colors,
  columns: number,
  now: number,
  room: Room = roomy,
): string {
  const stepLines = room.steps === 'all' ? steps : briefSteps;
  return joined([
    heading(status, paint),
    ...(status.steps.length > 0 ? [stepLines(status.steps, paint, columns, now)] : []),
    body(status, paint, columns, room),
    ...(isOver(status.state)
      ? []
      : [[...windowLines(status, columns, now), ...governorLines(status, columns)].join('\n')]),
    ending(status, paint, columns, room),
  ]);
}

function body(status: OperationStatus, paint: Colors, columns: number, room: Room): string {
  const { state, plan, progress, checks } = status;
  if (state === 'awaiting-approval' && plan) return renderPlan(plan, checks, paint, columns, status);
  const moving = progress && !isOver(state);
  if (moving) return renderProgress(status, paint, columns, room);
  const outstanding = checks.filter(standsOut);
  return outstanding.length > 0 ? checkLines(outstanding, paint, columns, status) : '';
}

/** What a person has to know or to do. */
function ending(status: OperationStatus, paint: Colors, columns: number, { extras }: Room): string {
  const { operation, state, attention, failure, paused, cancel, url } = status;
  return joined([
    ...(attention ? [renderAttention(attention, status, paint, columns, extras)] : []),
    ...(failure ? [renderFailure(failure, status, paint, columns)] : []),
    ...(paused ? [wrap(pausedBy(paused), columns, 2)] : []),
    ...(cancel?.refused !== undefined ? [wrap(`Cancel was refused: ${cancel.refused}`, columns, 2)] : []),
    ...(state === 'awaiting-approval'
      ? [
          hints(
            [
              `citus-scaler approve ${operation}${backupOf(status.plan)}`,
              `citus-scaler reject ${operation} --reason …`,
            ],
            paint,
          ),
        ]
      : []),
    ...(state === 'waiting-for-window'
      ? [hints([`citus-scaler ignore-window ${operation} --reason …`], paint)]
      : []),
    ...(paused ? [hints([`citus-scaler resume ${operation}`], paint)] : []),
    ...(url === undefined ? [] : [paint.dim(url)]),
  ]);
}

/** Writes the problem that needs a person. */
export function renderAttention(
  { problem, evidence, remedies }: Attention,
  about: About,
  paint: Colors,
  columns: number,
  full = true,
): string {
  const actions = remedies.map(({ action }) => action);
  const always = (['retry', 'giveUp'] as const).filter((action) => !actions.includes(action));
  return [
    wrap(`${paint.yellow('!')} ${problem}`, columns, 2),
    ...(full ? evidence : '')
      .split('\n')
      .filter((line) => line !== '' && !problem.includes(line))
      .map((line) => paint.dim(wrap(`  ${line}`, columns, 4))),
    ...remedyLines(remedies, about, paint, columns),
    ...always.flatMap((action) => {
      const command = commandOf({ text: '', action }, about);
      return command === undefined ? [] : [hints([command], paint)];
    }),
  ].join('\n');
}

function renderFailure(
  { message, ...details }: NonNullable<OperationStatus['failure']>,
  { operation, cluster }: OperationStatus,
  paint: Colors,
  columns: number,
): string {
  return renderProblem({ message, details }, paint, columns, { operation, cluster });
}

/** Where data is given up, somebody should know what it can be loaded from. */
function backupOf(plan: OperationStatus['plan']): string {
  return plan && givesUp(plan) ? ' --backup …' : '';
}

function hints(commands: string[], paint: Colors): string {
  return commands.map((command) => paint.dim(`  $ ${command}`)).join('\n');
}

function joined(parts: string[]): string {
  return parts.filter((part) => part !== '').join('\n\n');
}
