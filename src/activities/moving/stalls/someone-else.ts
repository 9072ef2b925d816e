import type { Db } from '../../../citus/session/connect.js';
import { operationPrefix } from '../../../citus/session/application-name.js';
import { howToEnd, readJobs, readMovingSessions, type ForeignWork } from '../../../citus/moving/jobs.js';
import type { Scene, Stall } from './stall.js';

/** Somebody wanted it to stop. Our own cancels never come here: what we stopped ourselves is no failure. */
export function cancelledBySomeone(said: string, { what }: Scene): Stall {
  return {
    problem: `the ${what} was cancelled by someone else`,
    evidence: [said, `PostgreSQL doesn't tell by whom; seen at ${new Date().toISOString().slice(0, 19)}Z`],
    remedies: ['ask why; retry begins it anew', 'or cancel: what was moved stays where it is'],
    outlook: 'stuck',
  };
}

/** Citus lets one move at a time touch a group of colocated tables' shards, and refuses the other at once. */
export async function lockIsHeld(db: Db, scene: Scene): Promise<Stall | undefined> {
  const others = [...(await readJobs(db)), ...(await readMovingSessions(db, ownPrefix(scene)))];
  return stallOf('someone else holds the lock', others, scene);
}

/**
 * The checks are long ago when a move begins, and Citus refuses neither a job beside moves nor the reverse. Costs a
 * millisecond.
 */
export async function someoneElseMoves(db: Db, scene: Scene): Promise<Stall | undefined> {
  const others = await readMovingSessions(db, ownPrefix(scene), { quick: true });
  return stallOf('someone else moves data', [...(await readJobs(db)), ...others], scene);
}

function ownPrefix({ operationId }: Scene): string {
  return operationPrefix(operationId);
}

function stallOf(problem: string, others: ForeignWork[], { what }: Scene): Stall | undefined {
  const [first] = others;
  if (!first) return undefined;
  return {
    problem: `${problem}: ${first.description}${since(first.startedAt)}`,
    evidence: [
      ...others.map(({ description, state, startedAt }) => `${description}, ${state}${since(startedAt)}`),
      what,
    ],
    remedies: [
      'wait for its end: it goes on by itself',
      ...others.map((work) => `or end it: ${howToEnd(work)}`),
    ],
    outlook: 'heals',
  };
}

function since(startedAt: string | undefined): string {
  return startedAt === undefined ? '' : `, since ${startedAt}`;
}
