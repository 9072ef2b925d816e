import { setTimeout as sleep } from 'node:timers/promises';
import { deleteCleanupRows, rollBackPrepared } from '../../citus/lost/left-by-dead.js';
import { cleanUpDeferred } from '../../citus/nodes/registration.js';
import { readNodes } from '../../citus/nodes/nodes.js';
import type { Db } from '../../citus/session/connect.js';
import { count } from '../../text/figures.js';
import { inDoubtTransactions } from './in-doubt.js';

/** The order to tidy up after dead workers that are out. */
export interface TidyOrder {
  cluster: string;
  lockId: string;
  dead: { node: string; groupId: number }[];
}

/**
 * Ends what dead workers have left on the others: transactions that they began and that are prepared there, which keep their
 * locks for ever, and what Citus means to clean up on them. Answers what a person should know.
 */
export async function tidyAfter(db: Db, { dead }: TidyOrder): Promise<string[]> {
  const notes: string[] = [];
  for (const each of await inDoubtTransactions(db, await readNodes(db), dead)) {
    await rollBackPrepared(db, each);
    notes.push(`transaction ${each.gid}, prepared on ${each.node}, was rolled back: who began it is gone`);
  }
  await deleteCleanupRows(
    db,
    dead.map(({ groupId }) => groupId),
  );
  return notes;
}

/** Milliseconds for which it is tried: a transaction may hold one of the tables. */
const patienceMs = 30_000;

/**
 * Drops the empty tables that stood for lost shards at the coordinator, which Citus puts off. They are in nobody's way, so
 * that what can't be dropped is left to Citus, and told.
 */
export async function dropStandIns(db: Db): Promise<string[]> {
  for (const end = Date.now() + patienceMs; ;) {
    const left = await cleanUpDeferred(db, 0);
    if (left === 0) return [];
    if (Date.now() > end)
      return [
        `${count(left, 'table')} at the coordinator could not be dropped yet; Citus does it, or a clean-up`,
      ];
    await sleep(1_000);
  }
}
