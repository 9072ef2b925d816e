import type { BorrowedSetting } from '../../contract/index.js';
import type { OperationRequest } from '../../contract/internal/request.js';
import { nodeActivities, settingActivities } from '../activities.js';
import type { Undo } from './undo.js';
import type { Hold } from './cluster-lock.js';
import type { Calls } from './calls.js';

/** Takes nodes out of service, or puts them back: whether they should hold shards. */
export interface Service {
  /** Marks them. Taken back when the operation is cancelled, fails or is terminated, unless they are kept. */
  mark: (marks: BorrowedSetting[]) => Promise<void>;
  /** The marks are what was asked for: they stay. */
  keepMarks: () => void;
}

export function createService(
  caller: Calls,
  request: OperationRequest,
  hold: Hold | undefined,
  undo: Undo[],
): Service {
  const { cluster, holdId } = request;
  let marked: BorrowedSetting[] = [];
  return {
    mark: async (marks) => {
      if (marks.length === 0 || !hold) return;
      // The custodian knows before anything is marked: whoever dies now, it is taken back.
      await hold.borrow(marks);
      marked = marks;
      undo.push({ name: 'mark the nodes as they were', run: () => takeBack(hold) });
      const names = marks.map(({ node }) => node).join(', ');
      await caller.call(nodeActivities.markNodes, `Mark ${names}`.slice(0, 200), { cluster, holdId, marks });
    },
    keepMarks: () => {
      hold?.gaveBack(marked);
      marked = [];
    },
  };

  async function takeBack(held: Hold): Promise<void> {
    if (marked.length === 0) return;
    const order = { cluster, settings: marked };
    await caller.call(settingActivities.giveBackSettings, 'Mark the nodes as they were', order);
    held.gaveBack(marked);
    marked = [];
  }
}
