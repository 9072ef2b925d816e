import { does, type OperationReport, type ReplaceWorkerInput } from '../contract/index.js';
import type { HoldEntry } from '../contract/internal/undo.js';
import type { ReplacementPlan } from '../activities/plan/activities.js';
import { approvedWith } from '../planning/approved.js';
import { planWithNodes, withNodes } from '../planning/planned-moves.js';
import { count } from '../text/figures.js';
import { checkActivities, machineActivities, planActivities, verifyActivities } from './activities.js';
import { registerStep, startMachines } from './nodes/join.js';
import { leaveStep } from './nodes/leave.js';
import { standbyStep, switchStep } from './nodes/standby.js';
import type { HowLeft } from './operation/how-left.js';
import type { Operation } from './operation/op.js';
import { operation } from './operation/operation.js';
import { moveSteps } from './operation/rounds.js';
import { markStep, planStep } from './operation/steps.js';

const steps = {
  check: 'Check the cluster',
  plan: 'Plan',
  approval: 'Approval',
  start: 'Start a standby',
  switch: 'Switch to the standby',
  old: 'Stop the old server',
  verify: 'Verify',
} as const;

const moveOnlySteps = {
  check: steps.check,
  plan: steps.plan,
  approval: steps.approval,
  start: 'Start a new worker',
  register: 'Register it',
  mark: 'Take the old one out of service',
  reference: 'Copy reference tables',
  move: 'Move shards',
  empty: 'Verify that it is empty',
  old: 'Remove the old worker',
} as const;

type Replacing = Operation<'replaceWorker'>;

/** Carries out `replaceWorker`, see its row in contract/operations.ts. */
export async function replaceWorker(input: ReplaceWorkerInput): Promise<OperationReport> {
  return operation('replaceWorker', input, async (op) => {
    const { request } = op;
    const byMoves = request.input.method === 'move';
    op.steps(Object.values(byMoves ? moveOnlySteps : steps));
    op.about([request.input.node]);
    await op.preflight(steps.check);
    if (op.dryRun && !op.plannable()) return;

    const draft = await planStep(
      op,
      steps.plan,
      () => op.calls.run(planActivities.planReplacement, 'Plan', { request }),
      ({ replacement, movesTotal }) =>
        replacement ? `${replacement.node} → ${replacement.clone}` : count(movesTotal, 'move'),
    );
    if (op.dryRun) return;
    await op.step(steps.approval, () => op.approval(draft.plan));
    op.act();
    await (byMoves ? moveOver(op, draft) : takeOver(op, draft));
  });
}

/** The standby takes the worker's place while all traffic is held. */
async function takeOver(op: Replacing, draft: ReplacementPlan): Promise<void> {
  const { cluster } = op.request;
  const node = draft.leaving[0]?.node ?? op.request.input.node;
  const entry = await standbyStep(op, steps.start, draft, node);
  const { clone } = entry;
  const fate = await op.calls.run(machineActivities.lookAtMachine, `May the machine of ${node} be stopped?`, {
    cluster,
    node,
  });
  await switchStep(op, steps.switch, entry);
  const why = `${clone} has taken the place of ${node}, which can't be undone`;
  await op.passNoReturn({ why, last: true, isPast: true, howLeft: oldRuns(cluster, node) }, async (isNow) => {
    await op.undo.keep('hold', 'machine');
    op.set({ removed: [node] });
    await stopOld(op, node, fate);
    isNow(unverified(cluster, clone));
    await verify(op, entry);
  });
}

/** The worker's shards move to the new one, and the worker leaves. */
async function moveOver(op: Replacing, draft: ReplacementPlan): Promise<void> {
  const { request } = op;
  const { plan, leaving, toStart } = draft;
  let machines: ReadonlyMap<string, string> = new Map();
  if (toStart.length === 0) op.skip(moveOnlySteps.start, 'it runs already');
  else
    await op.step(moveOnlySteps.start, async (step) => {
      machines = await startMachines(op, toStart);
      const nodes = [...machines.values()];
      step.detail = nodes.join(', ');
      op.showPlan(planWithNodes(plan, machines));
      const incoming = draft.incoming.map((each) => ({
        ...each,
        node: machines.get(each.node) ?? each.node,
      }));
      const order = { request, nodes, incoming };
      op.checked(await op.calls.run(checkActivities.checkNewNodes, 'Check the new machine', order));
    });
  const newWorkers = plan.newWorkers.map((node) => machines.get(node) ?? node);
  op.about([...leaving.map(({ node }) => node), ...newWorkers]);
  await registerStep(op, moveOnlySteps.register, newWorkers);
  const moving = {
    ...draft,
    round: withNodes(draft.round, machines),
    approved: approvedWith(draft.approved, machines),
    keeps: ['registration' as const, 'machine' as const],
  };
  await markStep(op, moveOnlySteps.mark, moving, 'out of service already');
  await moveSteps(op, moveOnlySteps, moving);
  // From here on it is what was asked for.
  await op.undo.keep('registration', 'machine');
  await op.step(moveOnlySteps.empty, async (step) => {
    const order = { request, nodes: leaving.map(({ node }) => node), undo: false };
    op.verified(step, await op.calls.run(verifyActivities.verifyDrain, 'Verify that it is empty', order));
  });
  for (const each of leaving) {
    await leaveStep(op, moveOnlySteps.old, each, { last: true, only: true, keepsMachine: false });
    op.set({ removed: [each.node] });
  }
}

async function stopOld(op: Replacing, node: string, fate: { stops: boolean; why: string }): Promise<void> {
  const { cluster, lockId } = op.request;
  if (!fate.stops) {
    op.skip(steps.old, fate.why);
    op.note(`${node} lets nobody into the database any more; its machine ${fate.why}. Stop it for good`);
    return;
  }
  await op.step(steps.old, async (step) => {
    const { became } = await op.calls.run(machineActivities.stopRemoved, `Stop the machine of ${node}`, {
      cluster,
      lockId,
      node,
    });
    step.detail = `its machine ${became}`;
    op.note(`${node} was replaced; its machine ${became}`);
  });
}

async function verify(op: Replacing, { nodeId, clone }: HoldEntry): Promise<void> {
  const { cluster, lockId } = op.request;
  await op.step(steps.verify, async (step) => {
    const order = { request: { cluster, lockId }, nodeId, clone };
    op.verified(step, await op.calls.run(verifyActivities.verifyReplacement, 'Verify', order));
  });
}

function oldRuns(cluster: string, node: string): HowLeft {
  return {
    evidence: [
      `${node} was replaced, and lets nobody into the database any more; its machine may go on running`,
    ],
    remedies: [
      { text: `stop the machine of ${node} for good` },
      does('health', 'see how the cluster is', { cluster }),
    ],
  };
}

function unverified(cluster: string, clone: string): HowLeft {
  return {
    evidence: [`${clone} has taken over; whether every node knows it was not seen to the end`],
    remedies: [does('health', 'see whether all nodes have the present metadata', { cluster })],
  };
}
