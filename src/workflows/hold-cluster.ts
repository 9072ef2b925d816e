import {
  CancellationScope,
  condition,
  isCancellation,
  setCurrentDetails,
  setHandler,
} from '@temporalio/workflow';
import type { BorrowedSetting } from '../contract/index.js';
import { borrowSignal, releaseSignal, type HoldInput } from './hold-messages.js';
import { custodianActivities } from './operation/activities.js';

/**
 * The custodian of a cluster: as long as it runs, no other operation may change that cluster. Released, it just
 * ends. Cancelled without release, because its operation was terminated, timed out or reset, it stops the moves of
 * that operation and gives back what was borrowed, for as long as that takes, and ends then.
 */
export async function holdCluster(input: HoldInput): Promise<'released' | 'given back'> {
  let borrowed: BorrowedSetting[] = [];
  let released = false;
  setHandler(borrowSignal, (settings) => {
    borrowed = settings;
    show();
  });
  setHandler(releaseSignal, (workflowId) => {
    if (workflowId === input.holder.workflowId) released = true;
  });
  const show = (): void => {
    const lines = borrowed.map(
      ({ node, name, before, raised }) => `- ${node}: ${name} = ${raised}, before ${before ?? 'not set'}`,
    );
    setCurrentDetails(
      [`**${input.cluster}** is held by ${input.holder.workflowId}`, '', ...lines].join('\n'),
    );
  };
  show();
  try {
    await condition(() => released);
    return 'released';
  } catch (error) {
    if (!isCancellation(error)) throw error;
    return await CancellationScope.nonCancellable(() =>
      giveBack(
        input,
        () => borrowed,
        () => released,
      ),
    );
  }
}

async function giveBack(
  { cluster, holder }: HoldInput,
  borrowed: () => BorrowedSetting[],
  released: () => boolean,
): Promise<'released' | 'given back'> {
  const { stopMovesOf, giveBackSettings } = custodianActivities;
  const stop = { summary: `Stop the moves of ${holder.workflowId}` };
  await untilDone(released, () =>
    stopMovesOf.executeWithOptions(stop, [{ cluster, operationId: holder.workflowId }]),
  );
  const restore = { summary: 'Give back the borrowed settings' };
  if (borrowed().length > 0) {
    await untilDone(released, () =>
      giveBackSettings.executeWithOptions(restore, [{ cluster, settings: borrowed() }]),
    );
  }
  return released() ? 'released' : 'given back';
}

/** Whatever goes wrong, tried again each time later (up to an hour), until it works or a person releases the hold. */
async function untilDone(released: () => boolean, work: () => Promise<unknown>): Promise<void> {
  for (let minutes = 1; !released(); minutes = Math.min(60, minutes * 2)) {
    const scope = new CancellationScope();
    const done = scope.run(work).then(
      () => true,
      () => false,
    );
    const freed = condition(released).then(() => true);
    if (await Promise.race([done, freed])) {
      scope.cancel();
      return;
    }
    await condition(released, `${minutes}m`);
  }
}
