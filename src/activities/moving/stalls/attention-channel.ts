import type { Context } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import type { Attention } from '../../../contract/index.js';
import { tell } from '../../runtime/interceptor.js';

/** The running activity's word to its workflow about trouble that it sees while it works. */
export interface AttentionChannel {
  attention: (attention: Attention) => void;
  /** All is well; says it once, and only when there was something to be well again from. */
  clear: () => void;
  /** Times that attention was asked for: each is an event in the history. */
  readonly times: number;
}

/** Opens the channel of the running activity to its workflow. */
export function attentionChannel(client: Client, { info }: Context): AttentionChannel {
  const workflowId = info.workflowExecution?.workflowId ?? '';
  // An earlier attempt may have told of trouble and could not take it back.
  let hasTrouble = info.attempt > 1;
  let times = 0;
  const say = (attention: Attention | null): void => {
    void tell(client, workflowId, info.activityId, attention);
  };
  return {
    attention: (attention) => {
      hasTrouble = true;
      times += 1;
      say(attention);
    },
    clear: () => {
      if (hasTrouble) say(null);
      hasTrouble = false;
    },
    get times() {
      return times;
    },
  };
}
