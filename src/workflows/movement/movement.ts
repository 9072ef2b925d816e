import { CancellationScope, isCancellation, patched } from '@temporalio/workflow';
import type { BorrowedSetting, GovernorNews } from '../../contract/index.js';
import type { OperationRequest } from '../../contract/internal/request.js';
import { movesOf, type PlannedMoves } from '../../planning/planned-moves.js';
import { copyActivities, settingActivities } from '../activities.js';
import { isCancelling, type Board } from '../operation/status.js';
import { createGovernor } from './governor.js';
import { createMoveQueue, type MoveQueue } from './move-queue.js';
import type { Hold } from '../operation/cluster-lock.js';
import { unpaused } from '../operation/pause.js';
import type { Calls } from '../operation/calls.js';
import { createWindows, type Windows } from './windows.js';

/** What people may change while a movement runs, and what its activities ask. */
export interface MovementControls extends Omit<MoveQueue, 'run'> {
  windows: Windows;
  /** The load on the cluster has changed how many moves may run at once. */
  governed: (news: GovernorNews) => void;
}

export interface Movement extends MovementControls {
  /** Borrows what makes moves fast, and copies the reference tables: a node must hold them before its first shard. */
  prepare: (request: OperationRequest, hold: Hold, round: PlannedMoves) => Promise<void>;
  /** Makes the approved moves, at most so many at once, and gives back what was borrowed. Prepares what isn't yet. */
  run: (request: OperationRequest, hold: Hold, round: PlannedMoves) => Promise<void>;
  /** Gives back what is still borrowed; does nothing when nothing is. */
  giveBack: (hold: Hold | undefined) => Promise<void>;
  wasBorrowed: () => BorrowedSetting[];
}

export function createMovement(board: Board, caller: Calls): Movement {
  const windows = createWindows(board, caller);
  const governor = createGovernor(board);
  const handOut = createMoveQueue(board, caller, windows, governor);
  let borrowed: BorrowedSetting[] = [];
  /** Whether they were given back because the window had closed. */
  let resting = false;
  let past: BorrowedSetting[] = [];
  let prepared: PlannedMoves | undefined;
  let copying: { scope: CancellationScope; stopped: boolean } | undefined;

  const movement: Movement = {
    ...handOut,
    windows,
    governed: governor.heard,
    stopRunning: () => {
      if (copying && patched('pause-stops-copies')) {
        copying.stopped = true;
        copying.scope.cancel();
      }
      handOut.stopRunning();
    },
    prepare: async (request, hold, round) => {
      const prepareOnce = (): Promise<boolean> =>
        windows.inside(request, {
          work: async () => {
            await borrow(request, hold, targetsOf(round));
            return copyReferenceTables(request);
          },
          whenCut: () => movement.giveBack(hold),
        });
      do await unpaused(board, caller);
      while (!(await prepareOnce()));
      prepared = round;
    },
    run: async (request, hold, round) => {
      if (prepared !== round) await movement.prepare(request, hold, round);
      await handOut.run(request, round, async (isOpen) => {
        if (isOpen && resting) await borrow(request, hold, targetsOf(round));
        if (!isOpen && borrowed.length > 0) {
          await movement.giveBack(hold);
          resting = true;
        }
      });
      await movement.giveBack(hold);
    },
    wasBorrowed: () => past,
    giveBack: async (hold) => {
      if (borrowed.length === 0) return;
      const { left } = await caller.call(
        settingActivities.giveBackSettings,
        'Give back the borrowed settings',
        {
          cluster: board.status.cluster,
          settings: borrowed,
        },
      );
      board.notes.push(...left);
      hold?.gaveBack(borrowed);
      borrowed = [];
    },
  };
  return movement;

  /** Answers false when a pause stopped it: it begins again from its beginning. */
  async function copyReferenceTables(request: OperationRequest): Promise<boolean> {
    const copy = { scope: new CancellationScope(), stopped: false };
    copying = copy;
    try {
      await copy.scope.run(() =>
        caller.call(copyActivities.replicateReferenceTables, 'Copy reference tables', {
          cluster: request.cluster,
          holdId: request.holdId,
          transferMode: request.transferMode,
        }),
      );
      return true;
    } catch (error) {
      if (copy.stopped && isCancellation(error) && !isCancelling(board.status)) return false;
      throw error;
    } finally {
      copying = undefined;
    }
  }

  async function borrow(request: OperationRequest, hold: Hold, nodes: string[]): Promise<void> {
    resting = false;
    if (!request.tune) return;
    const wanted = await caller.call(settingActivities.readBorrowable, 'Which settings may be borrowed?', {
      cluster: request.cluster,
      nodes,
    });
    board.notes.push(...wanted.notes);
    if (wanted.settings.length === 0) return;
    // The custodian knows before anything is raised: whoever dies now, it is given back.
    await hold.borrow(wanted.settings);
    borrowed = wanted.settings;
    past = [
      ...past,
      ...borrowed.filter((each) => !past.some(({ node, name }) => node === each.node && name === each.name)),
    ];
    const raised = await caller.call(settingActivities.raiseSettings, 'Borrow wal_retrieve_retry_interval', {
      cluster: request.cluster,
      holdId: request.holdId,
      settings: borrowed,
    });
    board.notes.push(...raised.notes);
  }
}

/** Apply workers are started where the data arrives. */
function targetsOf(round: PlannedMoves): string[] {
  const targets = new Set(movesOf(round).map(({ to }) => to));
  return round.nodes.filter((_, index) => targets.has(index));
}
