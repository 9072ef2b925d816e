import { defineSignal } from '@temporalio/workflow';
import type { Attention, GovernorNews } from '../contract/index.js';
import { lockSignals } from '../contract/internal/lock.js';
import type { HandedOver, UndoEntry } from '../contract/internal/undo.js';

/** An activity tells that it has been failing for a while, or (without attention) that it is well again. */
export const troubleSignal = defineSignal<[activityId: string, attention: Attention | null]>('trouble');
/** The activity that watches the load tells that it allows another number of moves at once. */
export const governedSignal = defineSignal<[GovernorNews]>('governed');

/**
 * To a lock keeper, from its operation: entries for the ledger. Like the next three it comes with the workflow id of
 * who sends it.
 */
export const addSignal = defineSignal<[UndoEntry[], workflowId: string]>(lockSignals.add);
/** To a lock keeper: entries that leave the ledger. */
export const removeSignal = defineSignal<[ids: string[], workflowId: string]>(lockSignals.remove);
/** To a lock keeper: entries that could not be undone and leave the ledger. */
export const handOverSignal = defineSignal<[HandedOver[], workflowId: string]>(lockSignals.handOver);
/** To a lock keeper: the operation is over, the cluster is free. */
export const releaseSignal = defineSignal<[workflowId: string]>(lockSignals.release);
