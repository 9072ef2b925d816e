import type { Board } from './board.js';
import { attentionOf } from './failure.js';

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

/** The SQL that gives back by hand what the clean-up could not. */
function whatRemains({ status }: Board): string[] {
  return (status.borrowed ?? []).map(({ node, name, before }) =>
    before === null
      ? `on ${node} still to do: ALTER SYSTEM RESET ${name}; SELECT pg_reload_conf();`
      : `on ${node} still to do: ALTER SYSTEM SET ${name} = '${before}'; SELECT pg_reload_conf();`,
  );
}
