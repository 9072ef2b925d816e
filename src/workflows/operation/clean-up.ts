import { moveActivities } from './activities.js';
import type { Board } from './board.js';
import { attentionOf } from './failure.js';
import type { Caller } from './persist.js';

/** What undoes a step, and what it is called. */
export interface Undo {
  name: string;
  run: () => Promise<void>;
}

/** Undoes, last first. What can't be undone, because the operation was given up, is said instead. */
export async function cleanUp(board: Board, undo: Undo[]): Promise<void> {
  for (const { name, run } of [...undo].reverse()) {
    try {
      await run();
    } catch (error) {
      board.notes.push(`not done: ${name}: ${attentionOf(error).problem}`);
    }
  }
  board.notes.push(...whatRemains(board));
}

/** What a worker was at when it was killed goes on at the server, and after a cancel no other attempt takes it over. */
export function stopLost(board: Board, caller: Caller): Undo {
  return {
    name: 'stop what a lost worker left running at the server',
    run: async () => {
      if (!caller.lostOne) return;
      const order = { cluster: board.status.cluster, operationId: board.status.operation };
      await caller.call(moveActivities.stopMovesOf, 'Stop what a lost worker left running', order);
    },
  };
}

/** The SQL that gives back by hand what the clean-up could not. */
function whatRemains({ status }: Board): string[] {
  return (status.borrowed ?? []).map(({ node, name, before }) =>
    before === null
      ? `on ${node} still to do: ALTER SYSTEM RESET ${name}; SELECT pg_reload_conf();`
      : `on ${node} still to do: ALTER SYSTEM SET ${name} = '${before}'; SELECT pg_reload_conf();`,
  );
}
