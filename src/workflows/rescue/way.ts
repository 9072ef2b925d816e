import type { RescuePlan } from '../../activities/rescue/activities.js';
import { chosenRung, type Rung } from '../../contract/index.js';
import { startAgain } from '../../contract/internal/start-again.js';
import { refused } from '../../failures.js';
import { saferRung } from '../../planning/ladder.js';
import type { Operation } from '../operation/op.js';

type Rescue = Operation<'emergencyRemoveWorker'>;

/** Refuses where no way is open, or where the only one loses data that nobody has given up. */
export function assertWay({ request }: Rescue, { plan: { rungs = [], loss }, dead }: RescuePlan): void {
  const { cluster, input } = request;
  const chosen = chosenRung(rungs);
  if (dead.length === 0) return;
  const evidence = rungs.map(lineOf);
  const safer = input.acceptDataLoss === undefined ? undefined : saferRung(rungs, 'give-up-data');
  const better = safer ?? (input.restored === undefined ? undefined : saferRung(rungs, 'restored'));
  if (better)
    throw refused('DataLossNotAccepted', `less has to be lost (${better.id}): ${better.why}`, {
      cluster,
      evidence,
      remedies: [
        startAgain(request, `take it out that way (${better.id})`, {
          acceptDataLoss: undefined,
          restored: undefined,
        }),
      ],
      ...(loss && { loss }),
    });
  if (chosen) return;
  const named = input.standby === undefined ? 'restored' : 'standby';
  const unfit = rungs.find(({ id }) => id === named && input[named] !== undefined);
  if (unfit)
    throw refused('PreflightRefused', `the server that was named can't take its place: ${unfit.why}`, {
      cluster,
      evidence,
      remedies: [
        { text: 'put that right, or name another one' },
        startAgain(request, 'or see which ways there are without it', { [named]: undefined, dryRun: true }),
      ],
    });
  if (loss && rungs.some(({ id, possible }) => id === 'give-up-data' && possible))
    throw refused(
      'DataLossNotAccepted',
      input.acceptDataLoss === undefined
        ? `${dead.map((each) => each.node).join(', ')} can only leave with what nobody else holds, and nobody has given that up`
        : 'the sentence that accepts the loss is not that of the present loss',
      {
        cluster,
        evidence: [...evidence, loss.sentence],
        remedies: [
          { text: 'bring it back, or its disk: whatever was lost then is lost no more' },
          startAgain(request, 'or give up exactly that', { acceptDataLoss: loss.sentence }),
        ],
        loss,
      },
    );
  throw refused('PreflightRefused', 'there is no way to take it out', {
    cluster,
    evidence,
    remedies: [
      startAgain(request, 'each way says in the evidence what it lacks: see to one of them, then ask again'),
    ],
  });
}

function lineOf({ id, possible, why }: Rung): string {
  return `${id}: ${possible ? 'possible' : 'not possible'}: ${why}`;
}
