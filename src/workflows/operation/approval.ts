import type { Plan } from '../../contract/index.js';
import type { Board } from './status.js';
import { operationFailure } from './failure.js';
import type { Calls } from './calls.js';

/** A person's word on the plan: exactly the one shown. */
export interface Approval {
  /** Why an approval with this hash makes no sense now, if so. */
  refuse: (planHash: string | undefined) => string | undefined;
  approve: (by: string) => void;
  reject: (by: string, reason: string) => void;
  /** Shows the plan and waits for a word on it. Returns who approved. */
  ask: (plan: Plan) => Promise<string>;
}

export function createApproval(board: Board, caller: Calls): Approval {
  let asked: string | undefined;
  let plans = 0;
  let answer: { by: string; rejected?: string } | undefined;
  return {
    refuse: (planHash) => {
      if (asked === undefined || answer)
        return `no plan waits for approval: the operation is ${board.status.state}`;
      if (planHash === undefined) {
        return plans > 1
          ? `the plan has changed: say which one you mean with planHash, the present one is ${asked}`
          : undefined;
      }
      return planHash === asked
        ? undefined
        : `planHash ${planHash} is not the present plan's, which is ${asked}`;
    },
    approve: (by) => {
      answer = { by };
    },
    reject: (by, reason) => {
      answer = { by, rejected: reason };
    },
    ask: async (plan) => {
      asked = plan.hash;
      plans += 1;
      answer = undefined;
      board.phase = 'awaiting-approval';
      board.publish();
      await caller.until(() => answer !== undefined);
      const { by, rejected } = answer as unknown as { by: string; rejected?: string };
      asked = undefined;
      if (rejected !== undefined) {
        throw operationFailure('PlanRejected', `${by} rejected plan ${plan.hash}: ${rejected}`, {
          cluster: board.status.cluster,
          remedies: ['start the operation again for a new plan'],
        });
      }
      board.phase = 'planning';
      return by;
    },
  };
}
