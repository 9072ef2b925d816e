import type { Db } from '../../../citus/session/connect.js';
import { operationPrefix } from '../../../citus/session/application-name.js';
import { endStatement, readJobs, readMovingSessions, type ForeignWork } from '../../../citus/moving/jobs.js';
import { does, type Advice } from '../../../contract/index.js';
import type { Scene, Stall } from './stall.js';

/** Somebody wanted it to stop. Our own cancels never come here: what we stopped ourselves is no failure. */
export function someoneCancelled(message: string, { what }: Scene): Stall {
  return {
    cause: 'cancelled',
    problem: `the ${what} was cancelled by someone else`,
    evidence: [message, `PostgreSQL doesn't tell by whom; seen at ${new Date().toISOString().slice(0, 19)}Z`],
    remedies: [
      does('retry', 'ask why; retry begins it anew'),
      does('cancel', 'or cancel: what was moved stays where it is'),
    ],
    outlook: 'stuck',
  };
}

/** Looks for who holds Citus's lock on a shard group: it lets one move at a time touch it, and refuses the other at once. */
export async function lockIsHeld(db: Db, scene: Scene): Promise<Stall | undefined> {
  const others = [...(await readJobs(db)), ...(await readMovingSessions(db, ownPrefix(scene)))];
  return stallOf('Citus has locked this shard group for another move or job', others, scene);
}

/**
 * Looks whether someone else moves data. The checks are long ago when a move begins, and Citus refuses neither a job
 * beside moves nor the reverse. Costs a millisecond.
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
    cause: `someone-else ${first.description}`,
    problem: `${problem}: ${first.description}${since(first.startedAt)}`,
    evidence: [
      ...others.map(({ description, state, startedAt }) => `${description}, ${state}${since(startedAt)}`),
      what,
    ],
    remedies: ['wait for its end: it goes on by itself', ...others.map(endOf)],
    outlook: 'heals',
  };
}

/** An operation of ours is ended by its own cancel: it would begin anew what is ended at the server. */
function endOf(work: ForeignWork): Advice {
  const statement = endStatement(work);
  return statement === undefined
    ? does('list', 'or cancel that operation: the list names it')
    : `or end it, on the coordinator: ${statement};`;
}

function since(startedAt: string | undefined): string {
  return startedAt === undefined ? '' : `, since ${startedAt}`;
}
