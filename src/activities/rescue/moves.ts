import { setTimeout as sleep } from 'node:timers/promises';
import { readCleanupRows } from '../../citus/leftovers/catalog.js';
import { readNodeFindings } from '../../citus/leftovers/on-nodes.js';
import { cleanUpByCitus } from '../../citus/leftovers/removal.js';
import { endSenders } from '../../citus/lost/hung-by-dead.js';
import { readSubscriptionsFrom } from '../../citus/lost/moves-with-dead.js';
import type { Db } from '../../citus/session/connect.js';
import { inRemovalOrder, type Finding } from '../leftovers/finding.js';
import { movedObjects } from '../leftovers/move-objects.js';
import type { RemovedNode } from '../verify/removal-traces.js';

/** Looks in which it is tried: who reads from a slot takes a moment to end. */
const mostLooks = 5;

/**
 * Removes what moves that a dead worker was in have left on the others: subscriptions that receive from it, slots and
 * publications that are for it. Citus removes what it has on record; the rest is known by its name. Answers what was removed.
 *
 * @param nodes all nodes that answer, the coordinator too
 */
export async function removeMovesWith(
  db: Db,
  nodes: readonly string[],
  dead: readonly RemovedNode[],
): Promise<string[]> {
  const removed = new Set<string>();
  const before = await ofMoves(db, nodes, dead, []);
  await endSenders(
    db,
    nodes,
    dead.map(({ nodeId }) => nodeId),
  );
  await cleanUpByCitus(db);
  for (let looks = 1; looks <= mostLooks; looks += 1) {
    const rows = (await readCleanupRows(db)) ?? [];
    const left = await ofMoves(db, nodes, dead, rows);
    const names = new Set(left.map(nameOf));
    // What is gone by now was removed by Citus.
    for (const each of before.map(nameOf).filter((name) => !names.has(name))) removed.add(each);
    let failed = false;
    for (const finding of left) {
      if (await finding.remove?.(db)) failed = true;
      else removed.add(nameOf(finding));
    }
    if (!failed) break;
    await sleep(500);
  }
  return [...removed].sort();
}

async function ofMoves(
  db: Db,
  nodes: readonly string[],
  dead: readonly RemovedNode[],
  rows: Parameters<typeof movedObjects>[1],
): Promise<Finding[]> {
  const from = await readSubscriptionsFrom(
    db,
    nodes,
    dead.map(({ node }) => node),
  );
  const subscriptions = new Set(from.map(({ node, name }) => `${node} ${name}`));
  // The role of a subscription is named like it.
  const roles = new Set(
    from.map(({ node, name }) => `${node} ${name.replace('subscription_', 'subscription_role_')}`),
  );
  const toDead = new RegExp(
    `^citus_shard_(move|split)_(slot|publication)_(${dead.map(({ nodeId }) => nodeId).join('|')})_`,
  );
  const looks = await readNodeFindings(db, [...nodes]);
  const found = looks.flatMap((look) => ('error' in look ? [] : movedObjects(look, rows)));
  return inRemovalOrder(
    found.filter(({ kind, node, name }) => {
      if (kind === 'subscription') return subscriptions.has(`${node} ${name}`);
      if (kind === 'role') return roles.has(`${node} ${name}`);
      return toDead.test(name);
    }),
  );
}

function nameOf({ kind, node, name }: Finding): string {
  return `${kind} ${name} on ${node}`;
}
