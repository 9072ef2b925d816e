import {
  CancellationScope,
  condition,
  defineQuery,
  isCancellation,
  setCurrentDetails,
  setHandler,
} from '@temporalio/workflow';
import { custodyQuery, type BorrowedSetting } from '../contract/index.js';
import { borrowSignal, releaseSignal, type HoldInput } from './lock-messages.js';
import { custodianActivities } from './activities.js';
import { attentionOf } from './operation/failure.js';

/**
 * The custodian of a cluster: as long as it runs, no other operation may change that cluster. Released, it just
 * ends. Cancelled without release, because its operation was terminated, timed out or reset, it stops the moves of
 * that operation and gives back what was borrowed, for as long as that takes, and ends then.
 */
export async function holdCluster(input: HoldInput): Promise<'released' | 'given back'> {
  const { cluster, holder } = input;
  const custody: Custody = { borrowed: [], told: [], released: false, show };
  setHandler(defineQuery<string[]>(custodyQuery), lines);
  setHandler(borrowSignal, (settings, workflowId = holder.workflowId) => {
    if (workflowId !== holder.workflowId) return;
    custody.borrowed = settings;
    show();
  });
  setHandler(releaseSignal, (workflowId) => {
    if (workflowId === holder.workflowId) custody.released = true;
  });
  show();
  try {
    await condition(() => custody.released);
    return 'released';
  } catch (error) {
    if (!isCancellation(error)) throw error;
    return await CancellationScope.nonCancellable(() => giveBack(input, custody));
  }

  function lines(): string[] {
    const borrowed = custody.borrowed.map(
      ({ node, name, before, raised }) => `${node}: ${name} = ${raised}, before ${before ?? 'not set'}`,
    );
    return [...borrowed, ...custody.told];
  }

  function show(): void {
    const list = lines().map((line) => `- ${line}`);
    setCurrentDetails([`**${cluster}** is held by ${holder.workflowId}`, '', ...list].join('\n'));
  }
}

interface Custody {
  borrowed: BorrowedSetting[];
  /** What a person should know of giving it back. */
  told: string[];
  released: boolean;
  show: () => void;
}

async function giveBack(
  { cluster, holder }: HoldInput,
  custody: Custody,
): Promise<'released' | 'given back'> {
  const { stopMovesOf, giveBackSettings } = custodianActivities;
  const stop = { summary: `Stop the moves of ${holder.workflowId}` };
  await untilDone(custody, async () => {
    await stopMovesOf.executeWithOptions(stop, [{ cluster, operationId: holder.workflowId }]);
  });
  const restore = { summary: 'Give back the borrowed settings' };
  if (custody.borrowed.length > 0) {
    await untilDone(custody, async () => {
      const order = { cluster, settings: custody.borrowed };
      const { left } = await giveBackSettings.executeWithOptions(restore, [order]);
      custody.told = left;
      custody.show();
    });
  }
  return custody.released ? 'released' : 'given back';
}

/** Whatever goes wrong, tried again each time later (up to an hour), until it works or a person releases the hold. */
async function untilDone(custody: Custody, work: () => Promise<void>): Promise<void> {
  for (let minutes = 1; !custody.released; minutes = Math.min(60, minutes * 2)) {
    const scope = new CancellationScope();
    const done = scope.run(work).then(
      () => true,
      (error: unknown) => {
        custody.told = [`tried again in ${minutes} min: ${attentionOf(error).problem}`];
        custody.show();
        return false;
      },
    );
    const freed = condition(() => custody.released).then(() => true);
    if (await Promise.race([done, freed])) {
      scope.cancel();
      return;
    }
    await condition(() => custody.released, `${minutes}m`);
  }
}
