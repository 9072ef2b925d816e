import { chosenRung, type OperationStatus, type Plan, type Step } from '../../contract/index.js';
import { oneLine } from '../../text/lines.js';
import { momentIn } from '../../text/moment.js';
import { count, bytes, duration, secondsBetween } from './text/figures.js';
import { progressLine } from './progress.js';
import { pausedBy } from './state.js';

/** Progress is worth a line each time it passes another so many percent. */
const percentStep = 10;

/** The changes since the status before, a line each: for logs and terminals that can't draw. */
export function changes(before: OperationStatus | undefined, now: OperationStatus): string[] {
  return [
    ...now.steps.flatMap((step) =>
      stepChange(
        before?.steps.find(({ name }) => name === step.name),
        step,
      ),
    ),
    ...planChange(before, now),
    ...governorChange(before, now),
    ...progressChange(before, now),
    ...pauseChange(before, now),
    ...stateChange(before, now),
  ];
}

function stepChange(before: Step | undefined, step: Step): string[] {
  if (before?.state === step.state) return [];
  const detail = step.detail === undefined ? '' : `: ${oneLine(step.detail)}`;
  switch (step.state) {
    case 'pending':
      return [];
    case 'running':
      return [`● ${step.name}`];
    case 'done':
      return [`✓ ${step.name}${timeOf(step)}${detail}`];
    case 'failed':
      return [`✗ ${step.name}${timeOf(step)}${detail}`];
    case 'skipped':
      return step.detail === undefined ? [] : [`– ${step.name}${detail}`];
  }
}

function timeOf({ startedAt, endedAt }: Step): string {
  return startedAt === undefined || endedAt === undefined
    ? ''
    : ` (${duration(secondsBetween(startedAt, endedAt))})`;
}

function planChange(before: OperationStatus | undefined, { plan }: OperationStatus): string[] {
  if (!plan || before?.plan?.hash === plan.hash) return [];
  if (plan.cleanupsTotal !== undefined)
    return [`plan ${plan.hash}: ${count(plan.cleanupsTotal, 'leftover')}`];
  if (plan.salvage)
    return [`plan ${plan.hash}: ${count(plan.salvage.missing, 'row')} of ${plan.salvage.node} to bring over`];
  if (plan.replacement) return [`plan ${plan.hash}: ${plan.replacement.node} → ${plan.replacement.clone}`];
  if (plan.rungs) return [`plan ${plan.hash}: ${rescueOf(plan)}`];
  const { isolatedWorkers = [], rejoinedWorkers = [] } = plan;
  const metadata = [
    ...isolatedWorkers.map((node) => `${node} is isolated`),
    ...rejoinedWorkers.map((node) => `${node} gets the metadata again`),
  ];
  if (metadata.length > 0) return [`plan ${plan.hash}: ${metadata.join(', ')}`];
  return [`plan ${plan.hash}: ${count(plan.movesTotal, 'move')}, ${bytes(plan.bytes)}`];
}

function rescueOf({ rungs = [], removedWorkers, loss }: Plan): string {
  const way = chosenRung(rungs);
  const lost = loss ? `, loses rows of ${count(loss.tablesTotal, 'table')}` : '';
  return way
    ? `${removedWorkers.join(', ')} out by ${way.id}${lost}`
    : `${removedWorkers.join(', ')} has no way out that is open and accepted`;
}

function progressChange(before: OperationStatus | undefined, { progress }: OperationStatus): string[] {
  if (!progress) return [];
  const messages = progress.moving.flatMap(({ message, from, to }) =>
    message === undefined || before?.progress?.moving.some((move) => move.message === message)
      ? []
      : [`! ${from} → ${to}: ${oneLine(message)}`],
  );
  const stepsAt = (percent: number): number => Math.floor(percent / percentStep);
  const isNew = !before?.progress || stepsAt(before.progress.percent) !== stepsAt(progress.percent);
  return [...messages, ...(isNew ? [progressLine(progress)] : [])];
}

function governorChange(before: OperationStatus | undefined, { governor }: OperationStatus): string[] {
  if (!governor || before?.governor?.parallelMoves === governor.parallelMoves) return [];
  if (!before?.governor && governor.changes.length === 0) return [];
  return [`up to ${governor.parallelMoves} of ${governor.ceiling} moves at once: ${governor.reason}`];
}

/** A pause before anything moves doesn't change the state. */
function pauseChange(before: OperationStatus | undefined, { paused, state }: OperationStatus): string[] {
  if (!paused || state === 'paused' || before?.paused) return [];
  return [oneLine(pausedBy(paused))];
}

function stateChange(before: OperationStatus | undefined, now: OperationStatus): string[] {
  const { state, attention, cancel } = now;
  const refusal =
    cancel?.refused !== undefined && before?.cancel?.refused === undefined
      ? [`cancel refused: ${cancel.refused}`]
      : [];
  if (before?.state === state && before.attention?.problem === attention?.problem) return refusal;
  const opens =
    state === 'waiting-for-window' && now.window?.opensAt !== undefined
      ? `, which opens ${momentIn(now.window.opensAt, now.window.timezone)}`
      : '';
  const why = attention ? `: ${oneLine(attention.problem)}` : opens;
  const word = now.paused && state === 'paused' ? pausedBy(now.paused) : state.replaceAll('-', ' ');
  const lines = state === 'planning' && !before ? [] : [`${word}${why}`];
  return [...lines, ...refusal];
}
