import type { PatroniGroup } from '../../activities/patroni/group.js';
import { does, type OperationType, type Step } from '../../contract/index.js';
import { patroniActivities } from '../activities.js';
import type { Operation } from '../operation/op.js';

/** Waits until Patroni has let go of a group. What nobody can see a person confirms; what is seen to run stays in the way. */
export async function awaitLetGo<Type extends OperationType>(
  { calls, request }: Operation<Type>,
  step: Step,
  group: PatroniGroup,
): Promise<void> {
  const { cluster } = request;
  const look = (): Promise<{ unseen: string[] }> =>
    calls.run(patroniActivities.awaitLetGo, `Until Patroni lets go of group ${group.groupId}`, {
      cluster,
      group,
    });
  step.detail = `Patroni lets go of group ${group.groupId}`;
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
      does('cancel', 'or cancel: it is put back in service'),
    ],
  });
  await look();
}
