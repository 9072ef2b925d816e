import { readNodeAway } from '../../citus/nodes/node-answers.js';
import { readNodes } from '../../citus/nodes/nodes.js';
import type { Db } from '../../citus/session/connect.js';
import { readShardGroupsWithin } from '../../citus/tables/shard-groups.js';
import { passing } from '../../failures.js';
import { balanceOf, withoutSizes } from '../../planning/balance.js';
import { presentNodes } from './present-nodes.js';
import { outcomeUndone, type Verification } from './verification.js';

/** The order to verify that a worker is isolated, or is no more. */
export interface VerifyIsolationOrder {
  request: { cluster: string; lockId: string };
  node: string;
  undo: boolean;
}

/** Seconds that the sizes of shards may take to read. */
const sizesSeconds = 5;

/**
 * Whether the worker has no metadata, or has it again, and the others are in sync. Another that is dead never gets in
 * sync: it is named rather than waited for.
 */
export async function isolationOutcome(db: Db, { node, undo }: VerifyIsolationOrder): Promise<Verification> {
  const nodes = await readNodes(db);
  const row = nodes.find((each) => each.node.toLowerCase() === node.toLowerCase());
  if (!row) throw outcomeUndone(`${node} is not registered any more`);
  if (row.hasMetadata !== undo)
    throw outcomeUndone(`metadata sync to ${node} is ${undo ? 'off' : 'on'}: somebody changed it`);
  if (undo) await presentNodes(db, nodes, [row.node]);
  const late = nodes.filter(
    (each) => each.role !== 'secondary' && each.active && each.hasMetadata && !each.metadataSynced,
  );
  const notes: string[] = [];
  for (const { node: other } of late) {
    const away = await readNodeAway(db, [other]);
    if (!away) throw passing(`the metadata of ${other} is not in sync yet`);
    notes.push(`${other} doesn't answer either: until it is isolated too, nothing can move or change`);
  }
  const { groups, hasSizes } = await readShardGroupsWithin(db, sizesSeconds);
  const balance = balanceOf(groups, nodes);
  return {
    after: hasSizes ? balance : withoutSizes(balance),
    notes,
    detail: undo ? `${row.node} has the metadata again` : `${row.node} is isolated; all others are in sync`,
  };
}
