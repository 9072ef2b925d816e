import type { RescuePlan } from '../activities/rescue/activities.js';
import {
  chosenRung,
  does,
  type EmergencyRemoveWorkerInput,
  type MoveMode,
  type OperationReport,
  type Rung,
} from '../contract/index.js';
import { startAgain } from '../contract/internal/start-again.js';
import { movesIn, movesOf, type PlannedMoves } from '../planning/planned-moves.js';
import { secondsOf } from '../text/duration.js';
import { count } from '../text/figures.js';
import { rescueActivities } from './activities.js';
import { awaitLetGo, groupOut } from './nodes/let-go.js';
import type { HowLeft } from './operation/how-left.js';
import type { Operation } from './operation/op.js';
import { operation } from './operation/operation.js';
import { planStep } from './operation/steps.js';
import { emptyAndRemove } from './remove-worker.js';
import { asRunning, awaitReturn } from './rescue/return.js';
import { succeed } from './rescue/succession.js';
import { assertWay } from './rescue/way.js';

const steps = {
  check: 'Check the cluster',
  wait: 'Wait for its return',
  dead: 'Is it dead?',
  plan: 'Plan',
  approval: 'Approval',
  out: 'Take it out',
  rebuild: 'Make lost shards anew',
  verify: 'Verify',
} as const;

type Rescue = Operation<'emergencyRemoveWorker'>;

/** Carries out `emergencyRemoveWorker`, see its row in contract/operations.ts. */
export async function emergencyRemoveWorker(input: EmergencyRemoveWorkerInput): Promise<OperationReport> {
  return operation('emergencyRemoveWorker', input, async (op, goOnAs) => {
    const { request } = op;
    const { node, alsoDead = [], waitForReturn } = request.input;
    const { wait: waiting, ...others } = steps;
    const { check, ...later } = others;
    op.steps(waitForReturn === undefined ? Object.values(others) : [check, waiting, ...Object.values(later)]);
    op.about([node, ...alsoDead]);
    await op.preflight(steps.check);
    if (op.dryRun && !op.plannable()) return;
    if (waitForReturn !== undefined && !op.dryRun) {
      const became = await awaitReturn(op, {
        name: steps.wait,
        later: Object.values(later),
        seconds: secondsOf(waitForReturn),
      });
      if (became === 'settled') return;
      if (became === 'back') {
        await emptyAndRemove(await goOnAs('removeWorker', asRunning(request.input)));
        return;
      }
    }
    await confirmDeath(op);

    const draft = await planStep(
      op,
      steps.plan,
      () => op.calls.run(rescueActivities.planRescue, 'Plan', { request }),
      ({ rungs = [] }) => chosenRung(rungs)?.id ?? whyNone(rungs),
    );
    if (op.dryRun) return;
    assertWay(op, draft);
    if (await op.step(steps.approval, () => op.approval(draft.plan))) await confirmDeath(op);
    op.act();
    const { succession, plan, groups = [] } = draft;
    const chosen = chosenRung(plan.rungs ?? [])?.id;
    // A standby that Patroni runs is its own to promote: that is refused, or accepted by somebody who has paused it.
    if (chosen !== 'standby') for (const group of groups) await awaitLetGo(op, group);
    if (!succession) {
      await takeOut(op, draft);
      return;
    }
    op.skip(steps.rebuild, 'nothing has to be made anew');
    const way = chosen === 'standby' || chosen === 'restored' ? chosen : 'begun';
    await succeed(op, { steps, succession, way });
  });
}

async function confirmDeath(op: Rescue): Promise<void> {
  await op.step(steps.dead, async (step) => {
    const checks = await op.calls.run(rescueActivities.confirmDeath, steps.dead, { request: op.request });
    step.detail = checks.map(({ evidence }) => evidence.split(': ')[0] ?? '').join('; ');
    op.checkedAgain(checks);
  });
}

function whyNone(rungs: readonly Rung[]): string {
  if (rungs.length === 0) return 'what is left to do';
  return rungs.some(({ possible }) => possible)
    ? 'only with a loss that nobody has accepted'
    : 'no way is open';
}

/** From the transaction that takes it out on, there is no way back: what follows makes the cluster whole. */
async function takeOut(op: Rescue, { dead, groups = [], plan: { loss }, round }: RescuePlan): Promise<void> {
  const { cluster, lockId } = op.request;
  const names = dead.map(({ node }) => node).join(', ');
  await op.calls.unpaused();
  await op.passNoReturn(
    {
      why:
        names === ''
          ? 'lost shards are being made anew'
          : `${names} is being taken out, which can't be undone`,
      last: true,
      howLeft: perhapsOut(op.request.cluster, names),
    },
    async (isNow) => {
      if (dead.length === 0) op.skip(steps.out, 'it is out already');
      else
        await op.step(steps.out, async (step) => {
          await op.calls.run(rescueActivities.forgetDeadWorkers, `Take ${names} out`, {
            cluster,
            lockId,
            dead,
            ...(loss && { lossHash: loss.hash }),
            ...(groups.length > 0 && { patroni: true as const }),
          });
          isNow(outButNotWhole(op));
          op.set({ removed: dead.map(({ node }) => node) });
          op.note(
            ...(
              await op.calls.run(rescueActivities.tidyAfterDead, `What is left of ${names}?`, {
                cluster,
                lockId,
                dead,
              })
            ).notes,
          );
          step.detail = names;
        });
      isNow(outButNotWhole(op));
      // The program that stops a machine may take its time, which nobody's rows should wait for.
      const ended = await Promise.allSettled([fence(op, dead), rebuild(op, round)]);
      for (const each of ended) if (each.status === 'rejected') throw each.reason;
      await op.step(steps.verify, async (step) => {
        for (const group of groups) await groupOut(op, group, dead);
        const order = { request: op.request, removed: dead };
        op.verified(step, await op.calls.run(rescueActivities.verifyRescue, 'Verify', order));
      });
    },
  );
}

async function fence(op: Rescue, dead: RescuePlan['dead']): Promise<void> {
  const { cluster, lockId } = op.request;
  for (const { node } of dead)
    op.note(
      (await op.calls.run(rescueActivities.fenceDead, `Fence ${node}`, { cluster, lockId, node })).became,
    );
}

/** Empty tables stand for lost shards: moving them away from the coordinator makes the real shards. */
async function rebuild(op: Rescue, first: PlannedMoves): Promise<void> {
  if (first.moves.length === 0) {
    op.skip(steps.rebuild, 'nothing was lost');
    return;
  }
  const { cluster, lockId } = op.request;
  await op.step(steps.rebuild, async (step) => {
    let made = 0;
    for (let round = first; round.moves.length > 0;) {
      for (const mode of ['blocking', 'logical'] as const) await remake(op, round, mode);
      await op.calls.run(rescueActivities.verifyRebuilt, 'Are they like their siblings?', {
        request: { cluster, lockId },
        shardIds: movesOf(round).map(({ shardId }) => shardId),
      });
      made += round.moves.length;
      ({ round } = await op.calls.run(rescueActivities.planRescue, 'Is anything left to make anew?', {
        request: op.request,
      }));
    }
    op.note(
      ...(await op.calls.run(rescueActivities.dropStandIns, 'Drop what stood for them', { cluster, lockId }))
        .notes,
    );
    step.detail = count(made, 'shard group');
  });
}

async function remake(op: Rescue, round: PlannedMoves, mode: MoveMode): Promise<void> {
  const transferMode = mode === 'blocking' ? 'block_writes' : 'force_logical';
  const part = movesIn(round, mode);
  if (part.moves.length > 0) await op.move(part, { ...op.request, transferMode });
}

function perhapsOut(cluster: string, names: string): HowLeft {
  return {
    evidence: [`whether ${names} was taken out is not known`],
    remedies: [does('health', 'see whether it is a node still', { cluster })],
  };
}

function outButNotWhole({ request }: Rescue): HowLeft {
  return {
    evidence: [
      'the dead worker is out of the cluster; shards that were given up may still be empty tables at the coordinator, which refuse rows',
    ],
    remedies: [startAgain(request, 'start it again: it goes on from there')],
  };
}
