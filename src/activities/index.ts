import { checkActivities } from './preflight/activities.js';
import { cleanUpActivities } from './leftovers/activities.js';
import type { ActivityContext } from './runtime/context.js';
import { governorActivities } from './governor/activities.js';
import { holdActivities } from './hold/activities.js';
import { lockActivities } from './lock/activities.js';
import { lockViews } from './lock/lock-views.js';
import { inspectActivities } from './inspect/activities.js';
import { isolationActivities } from './nodes/isolation.js';
import { machineActivities } from './machines/activities.js';
import { moveActivities } from './moving/activities.js';
import { nodeActivities } from './nodes/activities.js';
import { patroniActivities } from './patroni/activities.js';
import { planActivities } from './plan/activities.js';
import { removalActivities } from './nodes/removal.js';
import { rescueActivities } from './rescue/activities.js';
import { reportActivities } from './operation/keep-report.js';
import { requestActivities } from './operation/check-input.js';
import { successionActivities } from './rescue/succession/activities.js';
import { sampleActivities } from './samples/activities.js';
import { salvageActivities } from './salvage/activities.js';
import { settingActivities } from './settings/activities.js';
import { undoActivities } from './undo/activities.js';
import { verifyActivities } from './verify/activities.js';
import { windowActivities } from './moving/windows.js';

/** Every activity that the worker registers, by name. */
export function createActivities(context: ActivityContext) {
  return {
    ...requestActivities(context),
    ...lockActivities(context),
    ...checkActivities(context),
    ...planActivities(context),
    ...machineActivities(context),
    ...nodeActivities(context),
    ...removalActivities(context),
    ...patroniActivities(context),
    ...isolationActivities(context),
    ...rescueActivities(context),
    ...holdActivities(context),
    ...successionActivities(context),
    ...sampleActivities(context),
    ...salvageActivities(context),
    ...settingActivities(context),
    ...undoActivities(context),
    ...moveActivities(context),
    ...governorActivities(context),
    ...verifyActivities(context),
    ...windowActivities(context),
    ...cleanUpActivities(context),
    ...reportActivities(context),
    ...inspectActivities(context, lockViews(context.client)),
  };
}
