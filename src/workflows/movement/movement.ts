import { CancellationScope, isCancellation } from '@temporalio/workflow';
import type { GovernorNews } from '../../contract/index.js';
import type { OperationRequest } from '../../contract/internal/request.js';
import { movesOf, type PlannedMoves } from '../../planning/planned-moves.js';
import { moveActivities, settingActivities } from '../activities.js';
import type { Calls } from '../operation/calls.js';
import { isCancelling, type Status } from '../operation/status.js';
import type { Undo } from '../operation/undo.js';
import { createGovernor } from './governor.js';
import { acceptsOf } from './batches.js';
import { createMoveQueue, type MoveQueue } from './move-queue.js';
import { createWindows, type Windows } from './windows.js';

/** The handles of a movement that people and its activities use while it runs. */
export interface MovementControls extends Omit<MoveQueue, 'run'> {
  windows: Windows;
  /** The load on the cluster has changed how many moves may run at once. */
  followLoad: (news: GovernorNews) => void;
}

/** The data movement of an operation. */
export interface Movement extends MovementControls {
  /**
   * Lowers the settings that slow moves down, and copies the reference tables: a node must hold them before its first
   * shard. {@link run} does it where a procedure doesn't show it as a step.
   */
  prepare: (request: OperationRequest, round: PlannedMoves) => Promise<void>;
  /** Makes the approved moves, at most so many at once, and gives the settings back. */
  run: (request: OperationRequest, round: PlannedMoves) => Promise<void>;
}

/** The movement of an operation, at rest. */
export function createMovement(status: Status, calls: Calls, undo: Undo): Movement {
  const windows = createWindows(status, calls);
  const governor = createGovernor(status);
  const queue = createMoveQueue(status, calls, windows, governor, undo);
  /** Whether the settings were given back because the window had closed. */
  let isResting = false;
  let preparedRound: PlannedMoves | undefined;
  let currentCopy: { scope: CancellationScope; stopped: boolean } | undefined;

  const movement: Movement = {
    ...queue,
    windows,
    followLoad: governor.hear,
    stopRunning: () => {
      if (currentCopy) {
        currentCopy.stopped = true;
        currentCopy.scope.cancel();
      }
      queue.stopRunning();
    },
    prepare: async (request, round) => {
      const prepareOnce = (): Promise<boolean> =>
        windows.inside(request, {
          work: async () => {
            await lowerSettings(request, targetsOf(round));
            // Somebody may have paused it meanwhile.
            return status.paused === undefined && (await copyReferenceTables(request, round));
          },
          whenCut: async () => {
            await undo.endMoves();
            await undo.giveBack('setting');
          },
        });
      do await calls.unpaused();
      while (!(await prepareOnce()));
      preparedRound = round;
    },
    run: async (request, round) => {
      if (preparedRound !== round) await movement.prepare(request, round);
      await queue.run(request, round, async (isOpen) => {
        if (isOpen && isResting) await lowerSettings(request, targetsOf(round));
        if (!isOpen && !isResting) {
          await undo.giveBack('setting');
          isResting = true;
        }
      });
      await undo.giveBack('setting');
    },
  };
  return movement;

  /** Answers false when a pause stopped it: it begins again from its beginning. */
  async function copyReferenceTables(request: OperationRequest, round: PlannedMoves): Promise<boolean> {
    const copy = { scope: new CancellationScope(), stopped: false };
    currentCopy = copy;
    try {
      await copy.scope.run(() =>
        calls.run(
          moveActivities.replicateReferenceTables,
          'Copy reference tables',
          {
            cluster: request.cluster,
            lockId: request.lockId,
            transferMode: request.transferMode,
            mode: round.copiesBlocking === true ? 'blocking' : 'logical',
            ...acceptsOf(request),
          },
          { beginsAnew: true },
        ),
      );
      return true;
    } catch (error) {
      if (!copy.stopped || !isCancellation(error) || isCancelling(status.view)) throw error;
      // Its activity may have been lost with its worker, and the statement goes on then.
      await undo.endMoves();
      return false;
    } finally {
      currentCopy = undefined;
    }
  }

  async function lowerSettings(request: OperationRequest, nodes: string[]): Promise<void> {
    isResting = false;
    if (!request.tune) return;
    const { cluster, lockId } = request;
    const proposal = await calls.run(settingActivities.planSettings, 'Which settings slow moves down?', {
      cluster,
      lockId,
      nodes,
    });
    status.notes.push(...proposal.notes);
    // One that a copy was stopped after is in the ledger already, with what its owner had.
    const entries = proposal.entries.filter(({ id }) => !undo.entries.has(id));
    if (entries.length === 0) return;
    // The lock keeper knows before anything is lowered: whoever dies now, it is given back.
    await undo.add(entries);
    const { notes, unchanged } = await calls.run(
      settingActivities.lowerSettings,
      'Lower wal_retrieve_retry_interval',
      { cluster, lockId, entries },
    );
    status.notes.push(...notes);
    await undo.settle(unchanged);
  }
}

/** Apply workers are started where the data arrives. */
function targetsOf(round: PlannedMoves): string[] {
  const targets = new Set(movesOf(round).map(({ to }) => to));
  return round.nodes.filter((_, index) => targets.has(index));
}
