import { defineSignal } from '@temporalio/workflow';
import type { Attention, GovernorNews } from '../contract/index.js';
import type { BatchNews } from '../contract/internal/heartbeat.js';
import { lockSignals } from '../contract/internal/lock.js';
import type { HandedOver, UndoEntry } from '../contract/internal/undo.js';

/** Signal of an activity that has been failing for a while, or (without attention) is well again. */
export const troubleSignal = defineSignal<[activityId: string, attention: Attention | null]>('trouble');
/** Signal of the activity that watches the load: it allows another number of moves at once. */
export const governedSignal = defineSignal<[GovernorNews]>('governed');
/** Signal of a batch of moves: how far it is. */
export const progressSignal = defineSignal<[BatchNews]>('progress');

/** Who sends a signal to a lock keeper; a person who sends one by hand names no run. */
type Sender = [workflowId: string, runId?: string];

/**
 * Signal that adds entries to a lock keeper's ledger, from its operation. Like the next three it comes with the workflow
 * id and the run id of who sends it.
 */
export const addSignal = defineSignal<[UndoEntry[], ...Sender]>(lockSignals.add);
/** Signal that takes entries off a lock keeper's ledger. */
export const removeSignal = defineSignal<[ids: string[], ...Sender]>(lockSignals.remove);
/** Signal that takes entries off a lock keeper's ledger which could not be undone. */
export const handOverSignal = defineSignal<[HandedOver[], ...Sender]>(lockSignals.handOver);
/**
 * Signal that tells a lock keeper that its operation is over. The cluster is free then; sent by a later run, after a reset,
 * the keeper first undoes what its own run left.
 */
export const releaseSignal = defineSignal<Sender>(lockSignals.release);
