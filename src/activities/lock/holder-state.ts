import type { Client } from '@temporalio/client';
import { statusQuery, type OperationStatus } from '../../contract/index.js';
import type { LockHolder } from '../../contract/internal/lock.js';

/** What a holder of the lock waits for, which only a person or a clock ends. */
export interface HolderState {
  state: OperationStatus['state'];
  /** `which waits for approval` */
  words: string;
}

const patienceMs = 3_000;

/** Asks the operation that holds the lock what it waits for. Best effort: undefined where it waits for nothing, or doesn't answer. */
export async function readHolderState(client: Client, holder: LockHolder): Promise<HolderState | undefined> {
  try {
    const status = await client.withDeadline(Date.now() + patienceMs, () =>
      client.workflow.getHandle(holder.workflowId).query<OperationStatus>(statusQuery),
    );
    const words = waitsFor(status);
    return words === undefined ? undefined : { state: status.state, words };
  } catch {
    return undefined;
  }
}

function waitsFor({ state, attention, paused, window }: OperationStatus): string | undefined {
  switch (state) {
    case 'awaiting-approval':
      return 'which waits for approval';
    case 'needs-attention':
      return `which needs attention${attention ? ` (${attention.problem})` : ''}`;
    case 'paused':
      return `which is paused${paused ? ` by ${paused.by}` : ''}`;
    case 'waiting-for-window':
      return `which waits for its window${window?.opensAt === undefined ? '' : `, open from ${window.opensAt}`}`;
    default:
      return undefined;
  }
}
