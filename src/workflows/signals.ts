import { defineSignal } from '@temporalio/workflow';
import type { Attention, GovernorNews } from '../contract/index.js';
import { lockSignals } from '../contract/internal/lock.js';
import type { HandedOver, UndoEntry } from '../contract/internal/undo.js';

/** An activity tells that it has been failing for a while, or (without attention) that it is well again. */
export const troubleSignal = defineSignal<[activityId: string, attention: Attention | null]>('trouble');
/** The activity that watches the load tells that it allows another number of moves at once. */
export const governedSignal = defineSignal<[GovernorNews]>('governed');

/** To a lock keeper, from its operation: each comes with the workflow id of who sends it. */
export const addSignal = defineSignal<[UndoEntry[], workflowId: string]>(lockSignals.add);
export const removeSignal = defineSignal<[ids: string[], workflowId: string]>(lockSignals.remove);
export const handOverSignal = defineSignal<[HandedOver[], workflowId: string]>(lockSignals.handOver);
export const releaseSignal = defineSignal<[workflowId: string]>(lockSignals.release);
