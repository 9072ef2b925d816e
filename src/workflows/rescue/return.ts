import type { Return } from '../../activities/rescue/death.js';
import type { EmergencyRemoveWorkerInput, RemoveWorkerInput } from '../../contract/index.js';
import { rescueActivities } from '../activities.js';
import type { Operation } from '../operation/op.js';

/**
 * Waits for dead workers, and answers whether they are back. One that isn't dead is not waited for: it is refused. Where
 * another server is in the place of the one that is dead, the matter is settled.
 *
 * @param later names of the steps that are skipped then
 */
export async function awaitReturn(
  op: Operation<'emergencyRemoveWorker'>,
  { name, later, seconds }: { name: string; later: readonly string[]; seconds: number },
): Promise<'away' | 'back' | 'settled'> {
  const { request } = op;
  return op.step(name, async (step) => {
    const atOnce = { ...request, input: { ...request.input, deadFor: '0s' } };
    const until = new Date(Date.now() + seconds * 1_000).toISOString();
    op.checkedAgain(
      await op.calls.run(rescueActivities.confirmDeath, 'Is it dead now?', { request: atOnce }),
    );
    step.detail = `until ${until}`;
    const became = await op.calls.run(rescueActivities.awaitReturn, `Wait for its return until ${until}`, {
      request,
      until,
    });
    const settled = whySettled(request.input, became);
    if (settled !== undefined) {
      step.detail = settled;
      op.note(`${settled}: nothing was taken out`);
      for (const each of later) op.skip(each, 'the cluster has a server in its place');
      return 'settled';
    }
    step.detail =
      became.is === 'back'
        ? 'it is back: it is emptied and removed as one that runs'
        : 'it did not come back';
    return became.is === 'back' ? 'back' : 'away';
  });
}

/** Why there is nothing left to take out, if so: of several dead workers others are left when one is replaced. */
function whySettled({ node, alsoDead = [] }: EmergencyRemoveWorkerInput, became: Return): string | undefined {
  const several = alsoDead.length > 0;
  if (became.is === 'replaced' && !several) return `${became.by} is in the place of ${became.node} by now`;
  if (became.is === 'back' && became.patroni !== undefined)
    return `${[node, ...alsoDead].join(', ')} ${several ? 'answer' : 'answers'} again, and Patroni runs ${several ? 'one of them' : 'what answers there'} (${became.patroni})`;
  return undefined;
}

/** What the removal of a worker that runs takes of the request. */
export function asRunning({ node, alsoDead = [], ...input }: EmergencyRemoveWorkerInput): RemoveWorkerInput {
  const { waitForReturn: _, deadFor: _deadFor, acceptDataLoss: _loss, ifBusy: _busy, ...rest } = input;
  const { standby: _standby, maxStandbyLag: _lag, restored: _restored, ...common } = rest;
  return { ...common, nodes: [node, ...alsoDead] };
}
