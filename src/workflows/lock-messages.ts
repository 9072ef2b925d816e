import { defineSignal } from '@temporalio/workflow';
import type { BorrowedSetting, OperationType } from '../contract/index.js';

/** Who holds a cluster; also in the custodian's memo, where others read it. */
export interface Holder {
  workflowId: string;
  runId: string;
  type: OperationType;
}

export interface HoldInput {
  cluster: string;
  holder: Holder;
}

/**
 * What is borrowed from now on: sent before the setting is raised, and empty when all is back. Of anyone but the
 * holder it is ignored; operations that began before they said who they are may leave the id out.
 */
export const borrowSignal = defineSignal<[BorrowedSetting[], workflowId?: string]>('borrow');
/** The operation is over and has given back what it borrowed. */
export const releaseSignal = defineSignal<[workflowId: string]>('release');
