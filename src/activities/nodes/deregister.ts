import { setTimeout as sleep } from 'node:timers/promises';
import type { ApplicationFailure } from '@temporalio/common';
import type { Db } from '../../citus/session/connect.js';
import { recoverTransactions } from '../../citus/leftovers/removal.js';
import { renewDaemon } from '../../citus/leftovers/sessions.js';
import { runOnNodes } from '../../citus/nodes/node-settings.js';
import { activeWorkers, readNodes } from '../../citus/nodes/nodes.js';
import { cleanUpDeferred, isRegistered, removeNode } from '../../citus/nodes/registration.js';
import { does, type Remedy } from '../../contract/index.js';
import { needsPerson, passing } from '../../failures.js';
import { inDoubtOf, type InDoubt } from './in-doubt.js';

/** A worker that leaves. */
export interface LeavingNode {
  node: string;
  groupId: number;
}

/** Milliseconds that one attempt waits; Citus drops moved shards 15 s after their move. */
const patienceMs = 60_000;
/** A transaction that Citus's own recovery, once a minute, has not finished by then is for a person. */
const recoveryMs = 5 * 60_000;

/**
 * Waits until nothing hinders an empty worker from leaving: Citus has dropped there what it put off, and finished
 * what the worker had begun on other nodes.
 *
 * @param since when it was first tried, in milliseconds
 */
export async function awaitLeave(db: Db, leaving: LeavingNode, since: number): Promise<void> {
  for (const end = Date.now() + patienceMs; ;) {
    const hindrance = await hindranceOf(db, leaving, since);
    if (hindrance === undefined) return;
    if (hindrance.nonRetryable === true || Date.now() > end) throw hindrance;
    await sleep(1_000);
  }
}

async function hindranceOf(
  db: Db,
  { node, groupId }: LeavingNode,
  since: number,
): Promise<ApplicationFailure | undefined> {
  if ((await cleanUpDeferred(db, groupId)) > 0) return leftoversFailure(node, groupId);
  // Refused to a role that is no superuser: then the worker's own daemon does it, once a minute.
  await recoverTransactions(db, { node, groupId });
  const inDoubt = await inDoubtOf(db, await otherNodes(db, node), groupId);
  return inDoubt.length > 0 ? inDoubtFailure(node, inDoubt, since) : undefined;
}

/**
 * Deregisters an empty worker together with its copy of the metadata, once nothing hinders it. When somebody was faster
 * it is gone as well: the statement of an earlier attempt, whose worker process was killed, goes on at the server.
 *
 * @param mayAct asked right before; throws when nothing may be changed any more
 */
export async function deregister(
  db: Db,
  leaving: LeavingNode,
  since: number,
  mayAct: () => Promise<void>,
): Promise<void> {
  await awaitLeave(db, leaving, since);
  await mayAct();
  try {
    await removeNode(db, leaving.node);
  } catch (error) {
    const stays = await isRegistered(db, leaving.node).catch(() => true);
    if (stays) throw error;
  }
  // Else its daemon's sessions stay open on the other nodes for minutes, as if it were still one of them.
  await renewDaemon(db, leaving.node);
}

/**
 * Looks at a worker that was taken out. It finishes no transaction any more, though it has the record of which are
 * committed: as long as there is one its machine must not go.
 *
 * @returns what a person should know about the server, if anything
 * @throws NeedsPerson when a transaction that it began is still prepared on another node
 */
export async function warningAbout(db: Db, { node, groupId }: LeavingNode): Promise<string | undefined> {
  await assertNothingInDoubt(db, { node, groupId });
  return metadataWarning(db, node);
}

/** @throws NeedsPerson when a transaction that a worker which left had begun is still prepared on another node */
export async function assertNothingInDoubt(db: Db, { node, groupId }: LeavingNode): Promise<void> {
  const inDoubt = await inDoubtOf(db, await otherNodes(db, node), groupId);
  if (inDoubt.length > 0) throw orphanFailure(node, inDoubt);
}

/** Whoever connects to a server that still has the metadata writes into the cluster. */
async function metadataWarning(db: Db, node: string): Promise<string | undefined> {
  const [answer] = await runOnNodes(db, [{ node, command: 'select count(*) from pg_dist_node' }]);
  const remedy = 'drop its database before it is used again: who connects to it could write into the cluster';
  if (!answer?.success) return `${node} did not answer and may still know the cluster; ${remedy}`;
  return answer.result === '0' ? undefined : `${node} still knows the cluster; ${remedy}`;
}

async function otherNodes(db: Db, leaving: string): Promise<string[]> {
  return activeWorkers(await readNodes(db))
    .map(({ node }) => node)
    .filter((node) => node !== leaving);
}

/** A row left behind makes moves of its shard fail when the server is added again (measured, docs/citus.md). */
function leftoversFailure(node: string, groupId: number): ApplicationFailure {
  return passing(`leftovers on ${node} can't be cleaned up yet (pg_dist_cleanup, group ${groupId})`, {
    evidence: [
      `pg_dist_cleanup still names group ${groupId}: if that server is added again, moves of these shards would fail`,
    ],
    remedies: [
      'end old transactions that hold the tables it names; it goes on by itself',
      'CALL citus_cleanup_orphaned_resources() warns of what it can’t drop',
    ],
  });
}

function inDoubtFailure(node: string, inDoubt: InDoubt[], since: number): ApplicationFailure {
  const message = `transactions that ${node} began are prepared on other nodes, and only ${node} knows whether they are committed`;
  const evidence = inDoubt.map(lineOf);
  if (Date.now() - since > recoveryMs) return needsPerson(message, { evidence, remedies: [byHand(node)] });
  const remedy = `Citus's own recovery on ${node} finishes them within a minute; it goes on by itself`;
  return passing(message, { evidence, remedies: [remedy] });
}

function orphanFailure(node: string, inDoubt: InDoubt[]): ApplicationFailure {
  return needsPerson(
    `${node} is out of the cluster, and transactions that it began are still prepared on other nodes: its machine is not stopped`,
    {
      evidence: inDoubt.map(lineOf),
      remedies: [byHand(node), does('giveUp', 'or give up: its machine goes on running')],
    },
  );
}

function lineOf({ node, gid }: InDoubt): string {
  return `${node}: ${gid}`;
}

function byHand(node: string): Remedy {
  return does(
    'retry',
    `SELECT gid FROM pg_dist_transaction on ${node} lists the committed ones: COMMIT PREPARED these where the evidence names them, ROLLBACK PREPARED the others; then retry`,
  );
}
