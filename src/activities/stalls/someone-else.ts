import type { Db } from '../../citus/connect.js';
import { operationPrefix } from '../../citus/application-name.js';
import { readJobs, readMovingSessions } from '../../citus/jobs.js';
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
export async function lockIsHeld(db: Db, { operationId, what }: Scene): Promise<Stall | undefined> {
  const others = [...(await readJobs(db)), ...(await readMovingSessions(db, operationPrefix(operationId)))];
  const [first] = others;
  if (!first) return undefined;
  return {
    problem: `someone else holds the lock: ${first.description}${since(first.startedAt)}`,
    evidence: [
      ...others.map(({ description, state, startedAt }) => `${description}, ${state}${since(startedAt)}`),
      what,
    ],
    remedies: [
      'wait for its end: it goes on by itself',
      ...others.map(({ id, kind }) =>
        kind === 'job'
          ? `or end it: SELECT citus_job_cancel(${id})`
          : `or end it: SELECT pg_cancel_backend(${id.replace('pid ', '')})`,
      ),
    ],
    outlook: 'heals',
  };
}

function since(startedAt: string | undefined): string {
  return startedAt === undefined ? '' : `, since ${startedAt}`;
}
