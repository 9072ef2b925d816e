import { asks, type Check, type InputProblem, type Plan } from '../../contract/index.js';
import type { OperationRequest } from '../../contract/internal/request.js';
import type { Status } from './status.js';
import type { Calls } from './calls.js';

/** A person's word on a plan. */
export interface Word {
  by: string;
  /** The newest backup of what the plan gives up, as the approver knows it. */
  backup?: string;
  /** Why it was rejected; absent: it was approved. */
  rejected?: string;
}

/** A person's word on the plan: exactly the one shown. */
export interface Approval {
  /** Hash of the plan that waits for a word. */
  readonly pendingHash: string | undefined;
  /** Why an approval with this hash makes no sense now, if so. */
  refuse: (planHash: string | undefined) => InputProblem | undefined;
  approve: (by: string, backup?: string) => void;
  reject: (by: string, reason: string) => void;
  /** Waits for a word on the plan that is shown. */
  ask: (plan: Plan) => Promise<Word>;
}

/** The approval of an operation; no plan waits for it yet. */
export function createApproval(status: Status, calls: Calls): Approval {
  let pendingHash: string | undefined;
  let plans = 0;
  let answer: Word | undefined;
  return {
    get pendingHash() {
      return pendingHash;
    },
    refuse: (planHash) => {
      if (pendingHash === undefined || answer)
        return { text: `no plan waits for approval: the operation is ${status.view.state}` };
      if (planHash === undefined) {
        return plans > 1
          ? {
              field: 'planHash',
              text: `required, for the plan has changed: the present one is ${pendingHash}`,
            }
          : undefined;
      }
      return planHash === pendingHash
        ? undefined
        : { field: 'planHash', text: `${planHash} is not the present plan's, which is ${pendingHash}` };
    },
    approve: (by, backup) => {
      answer = { by, ...(backup !== undefined && { backup }) };
    },
    reject: (by, reason) => {
      answer = { by, rejected: reason };
    },
    ask: async (plan) => {
      pendingHash = plan.hash;
      plans += 1;
      answer = undefined;
      const before = status.phase;
      status.phase = 'awaiting-approval';
      status.publish();
      await calls.until(() => answer !== undefined);
      pendingHash = undefined;
      status.phase = before;
      return answer as unknown as Word;
    },
  };
}

/**
 * Whether a plan waits for a person. A drain that moves nothing only marks workers, and the same operation takes it back:
 * it waits only where somebody said that approval is required. A plan that would block writes, which nobody asked for,
 * always waits. So does one that loses data, unless the config itself does without approvals.
 */
export function needsApproval(
  { type, approval, approvesMarks, losesUnasked }: OperationRequest,
  { movesTotal, rungs = [] }: Plan,
  checks: readonly Check[],
): boolean {
  if (checks.some(asks)) return true;
  if (rungs.some(({ chosen, losesData }) => chosen && losesData) && losesUnasked !== true) return true;
  const onlyMarks = type === 'drainWorker' && movesTotal === 0;
  return approval === 'required' && (!onlyMarks || approvesMarks === true);
}
