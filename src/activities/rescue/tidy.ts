import { setTimeout as sleep } from 'node:timers/promises';
import { deleteCleanupRows, rollBackPrepared } from '../../citus/lost/left-by-dead.js';
import { freeDaemons } from '../../citus/lost/hung-by-dead.js';
import { giveUpSilentNodesSoon, readNodeAway } from '../../citus/nodes/node-answers.js';
import { cleanUpDeferred } from '../../citus/nodes/registration.js';
import { activeWorkers, isIsolated, readNodes } from '../../citus/nodes/nodes.js';
import type { Db } from '../../citus/session/connect.js';
import { count } from '../../text/figures.js';
import type { RemovedNode } from '../verify/removal-traces.js';
import { inDoubtTransactions } from './in-doubt.js';
import { removeMovesWith } from './moves.js';

/** The order to tidy up after dead workers that are out. */
export interface TidyOrder {
  cluster: string;
  lockId: string;
  dead: RemovedNode[];
}

/**
 * Ends what dead workers have left on the others: transactions that they began and that are prepared there, which keep their
 * locks for ever, what Citus means to clean up on them, and objects of moves that they were in. Daemons that wait for an
 * answer of theirs go on. Answers what a person should know.
 */
export async function tidyAfter(db: Db, { dead }: TidyOrder): Promise<string[]> {
  const notes: string[] = [];
  const nodes = await readNodes(db);
  const coordinator = nodes.find(({ role }) => role === 'coordinator')?.node;
  const workers = activeWorkers(nodes)
    .filter((worker) => !isIsolated(worker))
    .map(({ node }) => node);
  await giveUpSilentNodesSoon(db);
  for (const { node } of dead)
    if ((await readNodeAway(db, [node]))?.how === 'silent') await freeDaemons(db, workers);
  for (const each of await inDoubtTransactions(db, nodes, dead)) {
    await rollBackPrepared(db, each);
    notes.push(`transaction ${each.gid}, prepared on ${each.node}, was rolled back: who began it is gone`);
  }
  await deleteCleanupRows(
    db,
    dead.map(({ groupId }) => groupId),
  );
  const living = [...(coordinator === undefined ? [] : [coordinator]), ...workers];
  for (const object of await removeMovesWith(db, living, dead))
    notes.push(`left of a move that the dead worker was in, and removed: ${object}`);
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
