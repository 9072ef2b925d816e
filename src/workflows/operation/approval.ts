import { does, type InputProblem, type Plan } from '../../contract/index.js';
import type { Status } from './status.js';
import { refused } from '../../failures.js';
import type { Calls } from './calls.js';

/** A person's word on the plan: exactly the one shown. */
export interface Approval {
  /** Hash of the plan that waits for a word. */
  readonly pendingHash: string | undefined;
  /** Why an approval with this hash makes no sense now, if so. */
  refuse: (planHash: string | undefined) => InputProblem | undefined;
  approve: (by: string) => void;
  reject: (by: string, reason: string) => void;
  /** Shows the plan and waits for a word on it. Returns who approved. */
  ask: (plan: Plan) => Promise<string>;
}

export function createApproval(status: Status, calls: Calls): Approval {
  let pendingHash: string | undefined;
  let plans = 0;
  let answer: { by: string; rejected?: string } | undefined;
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
    approve: (by) => {
      answer = { by };
    },
    reject: (by, reason) => {
      answer = { by, rejected: reason };
    },
    ask: async (plan) => {
      pendingHash = plan.hash;
      plans += 1;
      answer = undefined;
      status.phase = 'awaiting-approval';
      status.publish();
      await calls.until(() => answer !== undefined);
      const { by, rejected } = answer as unknown as { by: string; rejected?: string };
      pendingHash = undefined;
      if (rejected !== undefined) {
        const { cluster, type } = status.view;
        throw refused('PlanRejected', `${by} rejected plan ${plan.hash}: ${rejected}`, {
          cluster,
          remedies: [does(type, 'start the operation again for a new plan', { cluster })],
        });
      }
      status.phase = 'planning';
      return by;
    },
  };
}
