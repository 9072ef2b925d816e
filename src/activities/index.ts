import { checkActivities } from './checks.js';
import type { ActivityContext } from './context.js';
import { governorActivities } from './governor.js';
import { holdActivities } from './hold.js';
import { inspectActivities } from './inspect.js';
import { machineActivities } from './machines.js';
import { moveActivities } from './moves.js';
import { nodeActivities } from './nodes.js';
import { planActivities } from './plan.js';
import { removalActivities } from './removal.js';
import { reportActivities } from './reports.js';
import { requestActivities } from './request.js';
import { settingActivities } from './settings.js';
import { verifyActivities } from './verify.js';
import { windowActivities } from './windows.js';

/** Every activity that the worker registers, by name. */
export function createActivities(context: ActivityContext) {
  return {
    ...requestActivities(context),
    ...holdActivities(context),
    ...checkActivities(context),
    ...planActivities(context),
    ...machineActivities(context),
    ...nodeActivities(context),
    ...removalActivities(context),
    ...settingActivities(context),
    ...moveActivities(context),
    ...governorActivities(context),
    ...verifyActivities(context),
    ...windowActivities(context),
    ...reportActivities(context),
    ...inspectActivities(context.config),
  };
}
