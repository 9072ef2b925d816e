import { shardMark, type BorrowedSetting } from '../../contract/index.js';
import { moveActivities } from '../activities.js';
import type { Board } from './status.js';
import { attentionOf } from './failure.js';
import type { Calls } from './calls.js';

/** What undoes a step, and what it is called. */
export interface Undo {
  name: string;
  run: () => Promise<void>;
}

/** Undoes, last first. What can't be undone, because the operation was given up, is said instead. */
export async function undoAll(board: Board, undo: Undo[]): Promise<void> {
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
export function stopLost(board: Board, caller: Calls): Undo {
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
  return (status.borrowed ?? []).map((setting) => `still to do: ${byHand(setting)}`);
}

function byHand({ node, name, before }: BorrowedSetting): string {
  if (name === shardMark) {
    const cut = node.lastIndexOf(':');
    return `on the coordinator: SELECT citus_set_node_property('${node.slice(0, cut)}', ${node.slice(cut + 1)}, '${name}', ${before ?? 'true'});`;
  }
  const alter = before === null ? `RESET ${name}` : `SET ${name} = '${before}'`;
  return `on ${node}: ALTER SYSTEM ${alter}; SELECT pg_reload_conf();`;
}
