import type { PatroniGroup } from '../../activities/patroni/group.js';
import { does, type OperationType, type Step } from '../../contract/index.js';
import { patroniActivities, removalActivities } from '../activities.js';
import type { Operation } from '../operation/op.js';

/** Waits until Patroni has let go of a group. What nobody can see a person confirms; what is seen to run stays in the way. */
export async function awaitLetGo<Type extends OperationType>(
  { calls, request }: Operation<Type>,
  group: PatroniGroup,
  step?: Step,
): Promise<void> {
  const { cluster } = request;
  const look = (): Promise<{ unseen: string[] }> =>
    calls.run(patroniActivities.awaitLetGo, `Until Patroni lets go of group ${group.groupId}`, {
      cluster,
      group,
    });
  if (step) step.detail = `Patroni lets go of group ${group.groupId}`;
  const { unseen } = await look();
  if (unseen.length === 0) return;
  await calls.park(`let go ${group.groupId}`, {
    problem: `whether Patroni has let go of group ${group.groupId} can't be seen`,
    evidence: unseen.join('; '),
    remedies: [
      does(
        'retry',
        `make sure that Patroni is stopped on all of its servers, or the group removed (patronictl remove <scope> --group ${group.groupId}); to retry confirms that`,
      ),
      does('cancel', 'or cancel: its rows stay'),
    ],
  });
  await look();
}

/** Takes out what is left of a group whose primary was taken out as a dead one: its standbys' rows, and what comes back. */
export async function groupOut<Type extends OperationType>(
  op: Operation<Type>,
  group: PatroniGroup,
  dead: readonly { node: string; nodeId: number; groupId: number }[],
): Promise<void> {
  const leaving = dead.find(({ groupId }) => groupId === group.groupId);
  if (!leaving) return;
  const { cluster, lockId } = op.request;
  const what = `Does group ${group.groupId} stay away?`;
  const order = { cluster, lockId, leaving, group };
  op.note(...(await op.calls.run(removalActivities.removeWorkerNode, what, order)).notes);
}
