import { does, type OperationType, type Remedy } from '../../contract/index.js';
import { awaitLetGo } from './let-go.js';
import { machineActivities, removalActivities, verifyActivities } from '../activities.js';
import type { HowLeft } from '../operation/how-left.js';
import type { Operation } from '../operation/op.js';

/** A worker that leaves, as it was registered. */
type Leaving = { node: string; nodeId: number; groupId: number };

/**
 * Takes an empty worker out of the cluster, and stops its machine where that may be.
 *
 * @param only whether no other one leaves
 */
export async function leaveStep<Type extends OperationType>(
  op: Operation<Type>,
  name: string,
  leaving: Leaving,
  { last, only, keepsMachine }: { last: boolean; only: boolean; keepsMachine: boolean },
): Promise<void> {
  const { cluster, lockId } = op.request;
  const { node } = leaving;
  const order = { cluster, lockId, leaving };
  await op.step(name, async (step) => {
    const fate = keepsMachine
      ? { stops: false, why: 'goes on running, as asked' }
      : await op.calls.run(machineActivities.lookAtMachine, `May the machine of ${node} be stopped?`, {
          cluster,
          node,
        });
    const withoutPatroni = op.request.input.acceptChecks?.includes('patroni') === true;
    const group = await op.calls.run(removalActivities.awaitRemovable, `Until ${node} can leave`, {
      ...order,
      ...(withoutPatroni && { withoutPatroni }),
    });
    if (group) await awaitLetGo(op, group, step);
    await op.calls.unpaused();
    const why = `${node} is being removed, which can't be undone${last && !only ? ', and it is the last one' : ''}`;
    const result = await op.passNoReturn({ why, last, howLeft: perhapsOut(cluster, node) }, async (isNow) => {
      const removal = await op.calls.run(removalActivities.removeWorkerNode, `Deregister ${node}`, {
        ...order,
        ...(group && { group }),
      });
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
