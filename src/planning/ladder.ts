import { rungIds, type Rung, type RungId } from '../contract/index.js';

/** What the ladder is made of: for each rung the facts that make it possible, or what it lacks. */
export type RungFacts = Record<RungId, { possible: boolean; why: string }>;

/** What the request says of the way to go. */
export interface RungWishes {
  /** Rungs that the request names: only these may be taken. */
  named?: RungId | undefined;
  /** Whether the loss was accepted, by a sentence. */
  acceptsLoss: boolean;
}

/** Rungs by which rows are lost. A restored server has all that was there when its backup was made. */
const losing: readonly RungId[] = ['restored', 'give-up-data'];

/**
 * All rungs, with the one that is taken: the safest that is possible. Data is given up only where the request says so, and
 * only when nothing safer is possible.
 */
export function rungsOf(facts: RungFacts, { named, acceptsLoss }: RungWishes): Rung[] {
  const safest = rungIds.find((id) => facts[id].possible);
  const chosen =
    named === undefined
      ? safest !== 'give-up-data' || acceptsLoss
        ? safest
        : undefined
      : facts[named].possible
        ? named
        : undefined;
  return rungIds.map((id) => ({
    id,
    ...facts[id],
    losesData: losing.includes(id),
    chosen: id === chosen,
  }));
}

/** The rung that the operation takes. */
export function chosenRung(rungs: readonly Rung[]): Rung | undefined {
  return rungs.find(({ chosen }) => chosen);
}
