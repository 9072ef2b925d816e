import type { OperationInputs } from '../inputs.js';
import type { SearchAttributeName, TransferMode } from '../names.js';
import type { OperationType } from '../operations.js';
import type { Limits } from './limits.js';

/** An input that was checked, with the config's floor and defaults applied. Made by the first activity of an operation. */
export interface OperationRequest<Type extends OperationType = OperationType> {
  type: Type;
  cluster: string;
  input: OperationInputs[Type];
  /** Workflow id of the cluster's lock keeper; empty until the lock is taken, and in a dry run. */
  lockId: string;
  /** Beginning of the `application_name` of the sessions with which the operation changes the cluster. */
  sessions: string;
  transferMode: TransferMode;
  /** Seconds for which a move may block writes that could also go on; absent or 0: never. */
  maxWriteStall?: number;
  parallelMoves: number;
  approval: 'required' | 'auto';
  /** Somebody said that approval is required, in the config or the input: then a mark alone waits for it, too. */
  approvesMarks?: boolean;
  /** The config does without approvals: only then is data given up without anybody's word on the plan. */
  losesUnasked?: boolean;
  /** Whether movements may change server settings for a while. */
  tune: boolean;
  /** The cluster has maintenance windows; the worker is asked for them. */
  hasWindows?: boolean;
  /** The number of parallel moves follows the load on the cluster. */
  governed?: boolean;
  /** Search attributes that the namespace knows; others must not be upserted (the workflow task would fail for ever). */
  searchAttributes: SearchAttributeName[];
  /** Page of the operation in the Temporal UI. */
  url?: string;
  /** Other limits than the usual ones, where the worker was told so. */
  limits?: Partial<Limits>;
  /** Where the final report is kept, when the config says so. */
  keepsReports: boolean;
}

/** The request of any operation; its `type` tells which input it holds. */
export type AnyRequest = { [Each in OperationType]: OperationRequest<Each> }[OperationType];
