import { does, type OperationReport, type Remedy, type RemoveWorkerInput } from '../contract/index.js';
import { machineActivities, planActivities, removalActivities, verifyActivities } from './activities.js';
import type { HowLeft } from './operation/how-left.js';
import type { Operation } from './operation/op.js';
import { operation } from './operation/operation.js';
import { moveSteps } from './operation/rounds.js';
import { approvalStep, markStep, planStep } from './operation/steps.js';

const steps = {
  check: 'Check the cluster',
  plan: 'Plan',
  approval: 'Approval',
  mark: 'Take out of service',
  reference: 'Copy reference tables',
  move: 'Move shards',
  empty: 'Verify that they are empty',
} as const;
const removing = (node: string): string => `Remove ${node}`;

/** Carries out `removeWorker`, see its row in contract/operations.ts. */
export async function removeWorker(input: RemoveWorkerInput): Promise<OperationReport> {
  return operation('removeWorker', input, async (op) => {
    const { request } = op;
    op.steps([...Object.values(steps), ...request.input.nodes.map(removing)]);
    op.about(request.input.nodes);
    await op.preflight(steps.check);
    if (op.dryRun && !op.plannable()) return;

    const draft = await planStep(op, steps.plan, () =>
      op.calls.run(planActivities.planDrain, 'Plan', { request }),
    );
    if (op.dryRun) return;
    await approvalStep(op, steps.approval, draft);

    await markStep(op, steps.mark, draft, 'out of service already');
    await moveSteps(op, steps, draft);
    await op.step(steps.empty, async (step) => {
      const order = {
        request,
        nodes: draft.leaving.map(({ node }) => node),
        undo: false,
      };
      op.verified(
        step,
        await op.calls.run(verifyActivities.verifyDrain, 'Verify that they are empty', order),
      );
    });

    const leaving = draft.leaving;
    for (const [index, node] of leaving.entries()) {
      await remove(op, node, { last: index === leaving.length - 1, only: leaving.length === 1 });
      op.set({ removed: leaving.slice(0, index + 1).map((each) => each.node) });
    }
  });
}

type Leaving = { node: string; nodeId: number; groupId: number };

async function remove(
  op: Operation<'removeWorker'>,
  leaving: Leaving,
  { last, only }: { last: boolean; only: boolean },
): Promise<void> {
  const { cluster, lockId, input } = op.request;
  const { node } = leaving;
  const order = { cluster, lockId, leaving };
  await op.step(removing(node.toLowerCase()), async (step) => {
    const fate =
      input.keepMachine === true
        ? { stops: false, why: 'goes on running, as asked' }
        : await op.calls.run(machineActivities.lookAtMachine, `May the machine of ${node} be stopped?`, {
            cluster,
            node,
          });
    await op.calls.run(removalActivities.awaitRemovable, `Until ${node} can leave`, order);
    await op.calls.unpaused();
    const why = `${node} is being removed, which can't be undone${last && !only ? ', and it is the last one' : ''}`;
    const result = await op.passNoReturn({ why, last, howLeft: perhapsOut(cluster, node) }, async (isNow) => {
      const removal = await op.calls.run(removalActivities.removeWorkerNode, `Deregister ${node}`, order);
      op.note(...removal.notes);
      await op.undo.settle([`node-mark ${node}`]);
      isNow(fate.stops ? outAndRunning(cluster, node) : unverified(cluster, node));
      const { became } = fate.stops
        ? await op.calls.run(machineActivities.stopRemoved, `Stop the machine of ${node}`, {
            cluster,
            lockId,
            node,
          })
        : { became: fate.why };
      op.note(`${node} was taken out of the cluster; its machine ${became}`);
      isNow(unverified(cluster, node));
      return op.calls.run(verifyActivities.verifyRemoval, `Is ${node} gone?`, {
        request: op.request,
        removed: [leaving],
      });
    });
    op.verified(step, result);
  });
}

function perhapsOut(cluster: string, node: string): HowLeft {
  return {
    evidence: [`${node} holds no shard; whether it was taken out of the cluster is not known`],
    remedies: [
      does('health', 'see whether it is a node still', { cluster }),
      does('removeWorker', 'if so, take it out', { cluster, nodes: [node] }),
      does('drainWorker', 'or put it back in service', { cluster, nodes: [node], undo: true }),
      {
        text: 'as long as the evidence names prepared transactions that it began, its machine must not be stopped',
      },
    ],
  };
}

function outAndRunning(cluster: string, node: string): HowLeft {
  return {
    evidence: [
      `${node} was taken out of the cluster and holds nothing that the cluster needs; its machine may go on running`,
    ],
    remedies: [
      { text: `stop the machine of ${node} by hand, unless somebody else uses it` },
      anythingLeft(cluster),
    ],
  };
}

function unverified(cluster: string, node: string): HowLeft {
  return {
    evidence: [
      `${node} was taken out of the cluster; whether anything is left of it was not seen to the end`,
    ],
    remedies: [anythingLeft(cluster), does('cleanUp', 'if so, remove that', { cluster })],
  };
}

function anythingLeft(cluster: string): Remedy {
  return does('health', 'see whether anything is left of it', { cluster });
}
