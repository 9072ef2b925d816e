import { setTimeout as sleep } from 'node:timers/promises';
import { cancellationSignal } from '@temporalio/activity';
import { readSuccessor, type SuccessorFacts } from '../../../citus/lost/successor.js';
import { freeDaemons } from '../../../citus/lost/hung-by-dead.js';
import { setMetadataSync, syncAll } from '../../../citus/nodes/metadata-sync.js';
import { giveUpSilentNodesSoon, readNodeAway } from '../../../citus/nodes/node-answers.js';
import { activeWorkers, isIsolated, readNodes, type ClusterNode } from '../../../citus/nodes/nodes.js';
import {
  demotedName,
  isPointed,
  NodeRowsChangedError,
  pointAt,
  type Succession,
} from '../../../citus/nodes/point-at.js';
import { activateNode, readRegistration, removeRow } from '../../../citus/nodes/registration.js';
import { readStale } from '../../../citus/nodes/stale-metadata.js';
import { withNode, type Db } from '../../../citus/session/connect.js';
import type { ClusterConfig } from '../../../config/index.js';
import { does } from '../../../contract/index.js';
import { passing, refused } from '../../../failures.js';
import { whyNotSuccessor } from '../../../planning/successor.js';
import { changeSession } from '../../runtime/context.js';
import { readPlace } from './look.js';

/** Seconds that one call of pg_promote() waits, and milliseconds that an attempt does in all: what was received is applied first. */
const promoteSeconds = 30;
const promoteMs = 5 * 60_000;
/** Milliseconds that an attempt waits until all nodes are told. */
const syncMs = 60_000;
/** Milliseconds that Citus's daemon gets to tell them. */
const daemonMs = 4_000;

/**
 * Promotes the standby of a dead worker, or finds it promoted, or its node pointed at it already.
 *
 * @param db a session on the coordinator
 * @param mayAct asked right before; throws when nothing may be changed any more
 * @throws PlanChanged when the worker answers again, or the standby is none of it
 */
export async function promote(
  db: Db,
  cluster: ClusterConfig,
  succession: Succession,
  mayAct: () => Promise<void>,
): Promise<void> {
  const { to } = succession;
  if (await isPointed(db, succession)) return;
  await assertAway(db, cluster.name, succession);
  await onSuccessor(db, cluster, succession, async (there, { inRecovery }) => {
    if (!inRecovery) return;
    await mayAct();
    for (const end = Date.now() + promoteMs; ;) {
      const [row] = await there.query<{ done: boolean }>('SELECT pg_promote(true, $1) AS done', [
        promoteSeconds,
      ]);
      if (row?.done) return;
      if (Date.now() > end) throw passing(`${to} still applies what it has received before it is promoted`);
    }
  });
}

/**
 * Points the node of a dead worker at the server that takes its place, or finds it so. That one must be writable.
 *
 * @throws PlanChanged when the worker answers again, or its row is another by now
 */
export async function takePlace(
  db: Db,
  cluster: ClusterConfig,
  succession: Succession,
  mayAct: () => Promise<void>,
): Promise<void> {
  if (await isPointed(db, succession)) return;
  await assertAway(db, cluster.name, succession);
  await onSuccessor(db, cluster, succession, (_, { inRecovery }) => {
    if (inRecovery) throw changed(cluster.name, `${succession.to} is in recovery`);
    return Promise.resolve();
  });
  await mayAct();
  try {
    await pointAt(db, succession);
  } catch (error) {
    if (error instanceof NodeRowsChangedError) throw changed(cluster.name, error.message);
    throw error;
  }
}

/** Has every node that answers know of the change, the new server with a copy of the metadata that is the present one. */
export async function settle(db: Db, { from, to }: Succession): Promise<void> {
  await giveUpSilentNodesSoon(db);
  if ((await readNodeAway(db, [from]))?.how === 'silent')
    await freeDaemons(db, livingWorkers(await readNodes(db), to));
  const row = await readRegistration(db, to);
  if (!row?.active) await activateNode(db, to);
  // One that was isolated while it was dead.
  else if (!row.hasMetadata) await setMetadataSync(db, to, true);
  await untilInSync(db);
  // A standby that was behind, or a backup, doesn't know what it has forgotten.
  if ((await readStale(db, [to])).length > 0) {
    await setMetadataSync(db, to, true);
    await untilInSync(db);
  }
}

/** Workers that answer, or should. */
function livingWorkers(nodes: readonly ClusterNode[], to: string): string[] {
  return activeWorkers(nodes)
    .filter((worker) => !isIsolated(worker) && worker.node.toLowerCase() !== to.toLowerCase())
    .map(({ node }) => node);
}

/** Removes the row of the standby that has become a primary. The group's primary answers by now, without which Citus refuses. */
export async function removeDemoted(db: Db, { from, groupId }: Succession): Promise<void> {
  const name = demotedName(from);
  const row = await readRegistration(db, name);
  if (row?.role === 'secondary' && row.groupId === groupId) await removeRow(db, name);
}

async function assertAway(db: Db, cluster: string, { from, to }: Succession): Promise<void> {
  await giveUpSilentNodesSoon(db);
  if (!(await readNodeAway(db, [from])))
    throw changed(
      cluster,
      `${from} answers again`,
      `${from} is the node, as before. If ${to} was its standby and takes writes by now, stop it and make it anew`,
    );
}

/** Works on the server that takes the place, if it is still the one. */
async function onSuccessor(
  db: Db,
  cluster: ClusterConfig,
  succession: Succession,
  work: (there: Db, facts: SuccessorFacts) => Promise<void>,
): Promise<void> {
  const { from, to } = succession;
  const place = await readPlace(db, await readNodes(db), { ...succession, node: from });
  const options = changeSession('promote', { statementTimeoutSeconds: promoteSeconds + 10 });
  await withNode(cluster, to, options, async (there) => {
    const facts = await readSuccessor(there, []);
    const why = whyNotSuccessor(place, facts);
    if (why !== undefined) throw changed(cluster.name, `${to} can't take the place of ${from}: ${why}`);
    await work(there, facts);
  });
}

async function untilInSync(db: Db): Promise<void> {
  const late = ({ role, active, hasMetadata, metadataSynced }: ClusterNode): boolean =>
    role !== 'secondary' && active && hasMetadata && !metadataSynced;
  const began = Date.now();
  for (;;) {
    const nodes = (await readNodes(db)).filter(late).map(({ node }) => node);
    const answering: string[] = [];
    for (const node of nodes) if (!(await readNodeAway(db, [node]))) answering.push(node);
    if (answering.length === 0) return;
    if (Date.now() > began + syncMs)
      throw passing(`the metadata of ${answering.join(', ')} is not in sync yet`);
    // It may wait for an answer of the dead worker, for minutes. With another one that is dead only the daemon can.
    if (Date.now() > began + daemonMs && answering.length === nodes.length)
      await syncAll(db).catch(() => undefined);
    await sleep(200, undefined, { signal: cancellationSignal() });
  }
}

function changed(cluster: string, problem: string, more?: string): Error {
  return refused('PlanChanged', `${problem}: no other server took its place`, {
    cluster,
    evidence: [problem, ...(more === undefined ? [] : [more])],
    remedies: [does('health', 'look how the cluster is, and ask again', { cluster })],
  });
}
