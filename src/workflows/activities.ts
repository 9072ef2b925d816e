import { ActivityCancellationType, proxyActivities } from '@temporalio/workflow';
import type { ActivityOptions } from '@temporalio/workflow';
import type { CheckActivities } from '../activities/preflight/activities.js';
import type { CleanUpActivities } from '../activities/leftovers/activities.js';
import type { IsolationActivities } from '../activities/nodes/isolation.js';
import type { HoldActivities } from '../activities/hold/activities.js';
import type { LockActivities } from '../activities/lock/activities.js';
import type { MachineActivities } from '../activities/machines/activities.js';
import type { MoveActivities } from '../activities/moving/activities.js';
import type { NodeActivities } from '../activities/nodes/activities.js';
import type { PatroniActivities } from '../activities/patroni/activities.js';
import type { PlanActivities } from '../activities/plan/activities.js';
import type { RemovalActivities } from '../activities/nodes/removal.js';
import type { ReportActivities } from '../activities/operation/keep-report.js';
import type { RescueActivities } from '../activities/rescue/activities.js';
import type { RequestActivities } from '../activities/operation/check-input.js';
import type { SuccessionActivities } from '../activities/rescue/succession/activities.js';
import type { SalvageActivities } from '../activities/salvage/activities.js';
import type { SettingActivities } from '../activities/settings/activities.js';
import type { UndoActivities } from '../activities/undo/activities.js';
import type { VerifyActivities } from '../activities/verify/activities.js';
import type { WindowActivities } from '../activities/moving/windows.js';

/**
 * Every activity beats each few seconds (the worker's interceptor sees to it), so that a dead worker is noticed
 * after `heartbeatTimeout` and a cancel arrives. What passes is retried without a maximum of attempts, since each
 * deploy costs one.
 */
const persistent: ActivityOptions = {
  heartbeatTimeout: '10s',
  startToCloseTimeout: '10m',
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '20s' },
};

/** What waits for others to end: a second attempt beside the first would only wait too. */
const lasting: ActivityOptions = { ...persistent, startToCloseTimeout: '30d' };

/** Large catalogs take their time; an attempt that ran out of it would only begin anew. */
const thorough: ActivityOptions = { ...persistent, startToCloseTimeout: '2h' };

/** Looking changes nothing, and needs answers soon. */
const quick: ActivityOptions = { ...persistent, startToCloseTimeout: '1m' };

/** Reads the config only. */
export const requestActivities = proxyActivities<RequestActivities>({
  ...quick,
  retry: { initialInterval: '1s', maximumInterval: '10s' },
});
/** Activities on maintenance windows. */
export const windowActivities = proxyActivities<WindowActivities>(quick);
/** Activities that check. */
export const checkActivities = proxyActivities<CheckActivities>(persistent);
/** Activities that plan. Each of their statements may take five minutes. */
export const planActivities = proxyActivities<PlanActivities>(thorough);
/** Activities of the clean-up. */
export const cleanUpActivities = proxyActivities<CleanUpActivities>({
  ...persistent,
  // Dropping thousands of tables takes its time.
  startToCloseTimeout: '6h',
});
/** Activities that register and mark nodes; they may wait for others' statements. */
export const nodeActivities = proxyActivities<NodeActivities>(lasting);
/** Activities that take a node out of the cluster. */
export const removalActivities = proxyActivities<RemovalActivities>(lasting);
/** Activities that wait for Patroni. */
export const patroniActivities = proxyActivities<PatroniActivities>(lasting);
/** Activities that stop and start metadata sync; they may wait for others' statements. */
export const isolationActivities = proxyActivities<IsolationActivities>(lasting);
/** Activities that take dead workers out; they look for long, and may wait for others' statements. */
export const rescueActivities = proxyActivities<RescueActivities>(lasting);
/** Activities that hold all traffic; they wait for a quiet moment. */
export const holdActivities = proxyActivities<HoldActivities>(persistent);
/** Activities by which another server takes the place of a dead worker; they may wait for others' statements. */
export const successionActivities = proxyActivities<SuccessionActivities>(lasting);
/** Activities that bring rows of a returned server over; each compares or writes all rows of a table. */
export const salvageActivities = proxyActivities<SalvageActivities>(lasting);
/** Activities that start and stop machines by the user's programs. */
export const machineActivities = proxyActivities<MachineActivities>({
  ...persistent,
  startToCloseTimeout: '30m',
});
/** Activities on temporary settings. */
export const settingActivities = proxyActivities<SettingActivities>(persistent);
/** Activities that verify. */
export const verifyActivities = proxyActivities<VerifyActivities>(thorough);
/** Activities that keep the report; the operation is over, so they don't try for long. */
export const reportActivities = proxyActivities<ReportActivities>({
  ...persistent,
  startToCloseTimeout: '15s',
  scheduleToCloseTimeout: '20s',
});

/** One move may take days; progress and cancel travel with the heartbeats. */
const longMoves: ActivityOptions = { ...persistent, heartbeatTimeout: '6s', startToCloseTimeout: '30d' };
/** Activities that move data. */
export const moveActivities = proxyActivities<MoveActivities>(longMoves);
/** Activities on the cluster lock; one waits for another operation's end. */
export const lockActivities = proxyActivities<LockActivities>(lasting);
/**
 * Activities that end statements and undo; they wait for statements that are better not ended, and for programs of the
 * user's.
 */
export const undoActivities = proxyActivities<UndoActivities>(lasting);

/** The activities that the lock keeper calls when its operation is gone. */
export const keeperActivities = proxyActivities<
  Pick<UndoActivities, 'endStatements' | 'undo'> & Pick<LockActivities, 'isRunOpen'>
>(lasting);
