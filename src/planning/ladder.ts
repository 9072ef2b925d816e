import { rungIds, type Rung, type RungId } from '../contract/index.js';

/** The facts of one rung: what makes it possible, or what it lacks. */
export interface RungFact {
  possible: boolean;
  why: string;
  /** `host:port` of the server that would take the worker's place. */
  server?: string;
  /** Whether rows are lost by it, where that isn't as usual. */
  losesData?: boolean;
}

/** What the ladder is made of: the facts of each rung. */
export type RungFacts = Record<RungId, RungFact>;

/** What the request says of the way to go. */
export interface RungWishes {
  /** The rung that the request names: only this one may be taken, or a safer one none. */
  named?: RungId | undefined;
  /** Whether the loss was accepted, by a sentence. */
  acceptsLoss: boolean;
}

/** Rungs by which rows are lost. A restored server has all that was there when its backup was made. */
const losing: readonly RungId[] = ['restored', 'give-up-data'];

/**
 * All rungs, with the one that is taken: the safest that is possible. Data is given up only where the request says so, and
 * only when nothing safer is possible; so is what came after a backup.
 */
export function rungsOf(facts: RungFacts, { named, acceptsLoss }: RungWishes): Rung[] {
  const safest = rungIds.find((id) => facts[id].possible);
  const chosen = named === undefined ? safest : ifTaken(facts, named, safest);
  const takes = chosen !== 'give-up-data' || acceptsLoss ? chosen : undefined;
  return rungIds.map((id) => ({ losesData: losing.includes(id), id, ...facts[id], chosen: id === takes }));
}

/** The safest rung that is possible, when another one was asked for that loses more. */
export function saferRung(rungs: readonly Rung[], named: RungId): Rung | undefined {
  const safest = rungs.find(({ possible }) => possible);
  return losing.includes(named) && safest && rungIds.indexOf(safest.id) < rungIds.indexOf(named)
    ? safest
    : undefined;
}

function ifTaken(facts: RungFacts, named: RungId, safest: RungId | undefined): RungId | undefined {
  if (!facts[named].possible) return undefined;
  // What a backup doesn't have is lost with it, and a standby has it.
  const losesMore = losing.includes(named) && safest !== named;
  return losesMore ? undefined : named;
}
