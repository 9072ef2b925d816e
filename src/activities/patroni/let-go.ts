import { setTimeout as sleep } from 'node:timers/promises';
import { endOpenChange, readGroup, readOpenChange, removeGroup } from '../../citus/patroni/group.js';
import { countShards } from '../../citus/nodes/registration.js';
import { activePrimaries, readNodes } from '../../citus/nodes/nodes.js';
import type { Db } from '../../citus/session/connect.js';
import { sqlState } from '../../citus/session/sql-state.js';
import type { ClusterConfig } from '../../config/index.js';
import { does, remediesOf, type Attention } from '../../contract/index.js';
import { needsPerson, passing } from '../../failures.js';
import { count } from '../../text/figures.js';
import { readTimes } from './api.js';
import { lookAtGroup, type PatroniGroup } from './group.js';

/** How a person has Patroni let go of a group. */
export function lettingGo({ groupId, members }: PatroniGroup, runs: readonly string[]): Attention {
  const where = members.map(({ node }) => node).join(', ');
  return {
    problem: `Patroni runs group ${groupId}, and would register it again: it has to let go first`,
    evidence: runs.join('; '),
    remedies: remediesOf(
      `stop Patroni of group ${groupId}, the standbys first and the primary last (systemctl stop patroni), on ${where}; it goes on by itself`,
      `for good: patronictl remove <scope> --group ${groupId}, once they are stopped`,
      does('cancel', 'or cancel: its rows stay'),
    ),
  };
}

/**
 * Takes all rows of a group out that Patroni has let go of, or finds them gone, and watches two of Patroni's loops for one that
 * comes back.
 *
 * @param mayAct asked right before; throws when nothing may be changed any more
 * @throws NeedsPerson while Patroni runs the group, and when it holds shards
 */
export async function takeGroupOut(
  db: Db,
  cluster: ClusterConfig,
  group: PatroniGroup,
  mayAct: () => Promise<void>,
): Promise<void> {
  await assertLetGo(db, cluster, group);
  await endLingering(db, cluster);
  await mayAct();
  await remove(db, group.groupId);
  const { loopWait } = await timesOf(db, cluster);
  for (const until = Date.now() + 2 * loopWait * 1_000; Date.now() < until;) {
    await sleep(Math.min(1_000, until - Date.now()));
    if ((await readGroup(db, group.groupId)).length === 0) continue;
    await assertLetGo(db, cluster, group);
    throw passing(
      `Patroni registered group ${group.groupId} again, from what it knew: it is taken out again`,
    );
  }
}

async function remove(db: Db, groupId: number): Promise<void> {
  const shards = await countShards(db, groupId);
  if (shards > 0)
    throw needsPerson(`group ${groupId} holds ${count(shards, 'shard')} again: it is not removed`, {
      evidence: [`pg_dist_placement: ${count(shards, 'shard')} in group ${groupId}`],
      remedies: [
        does('retry', 'start its Patroni, move them away, stop it again, then retry'),
        does('giveUp', 'or give up: it stays in the cluster'),
      ],
    });
  const rows = await readGroup(db, groupId);
  if (rows.length > 0) await removeGroup(db, rows);
}

async function assertLetGo(db: Db, cluster: ClusterConfig, group: PatroniGroup): Promise<void> {
  const { runs } = await lookAtGroup(db, cluster, group);
  if (runs.length === 0) return;
  const { problem, evidence } = lettingGo(group, runs);
  throw needsPerson(problem, {
    evidence: [evidence],
    remedies: [
      does('retry', 'stop Patroni on these servers, then retry'),
      does('giveUp', 'or give up: it stays in the cluster'),
    ],
  });
}

async function timesOf(db: Db, cluster: ClusterConfig): ReturnType<typeof readTimes> {
  const [coordinator = ''] = activePrimaries(await readNodes(db));
  return readTimes(cluster, coordinator);
}

/**
 * Ends the transaction that Patroni may have left open when the last member of a group stopped, once it is older than Patroni
 * itself gives it: what changes nodes would wait for it without an end.
 */
export async function endLingering(db: Db, cluster: ClusterConfig): Promise<void> {
  const change = await readOpenChange(db);
  if (!change) return;
  const { ttl } = await timesOf(db, cluster);
  const what = `Patroni has had a transaction on the node rows open for ${change.seconds} s`;
  if (change.seconds <= ttl)
    throw passing(`${what}; after ${ttl} s it is ended`, {
      evidence: [`process ${change.pid} of the coordinator`],
    });
  try {
    await endOpenChange(db, change);
  } catch (error) {
    if (sqlState(error) !== '42501') throw error;
    throw passing(`${what}, and this role may not end it`, {
      evidence: [`process ${change.pid} of the coordinator`],
      remedies: [
        `as a superuser, on the coordinator: SELECT pg_terminate_backend(${change.pid}); it goes on by itself`,
      ],
    });
  }
}
