import { runOnNodes } from '../../citus/nodes/node-settings.js';
import { readNodes, type ClusterNode } from '../../citus/nodes/nodes.js';
import type { Db } from '../../citus/session/connect.js';
import { literal } from '../../citus/session/quote.js';
import { readShardGroups } from '../../citus/tables/shard-groups.js';
import { passing } from '../../failures.js';
import { balanceOf } from '../../planning/balance.js';
import { addressOf } from '../../text/address.js';
import { presentNodes } from './present-nodes.js';
import { outcomeUndone, type Verification } from './verification.js';

/** The order to verify that a standby has taken a worker's place, or a part of its shards. */
export interface VerifyReplacementOrder {
  request: { cluster: string; lockId: string };
  nodeId: number;
  clone: string;
  splits?: true;
}

/** Whether the group lives at the standby, and every node with metadata knows it. Retried until it does. */
export async function replacementOutcome(
  db: Db,
  { nodeId, clone }: VerifyReplacementOrder,
): Promise<Verification> {
  const nodes = await readNodes(db);
  const row = nodes.find((each) => each.nodeId === nodeId);
  if (row?.node.toLowerCase() !== clone.toLowerCase())
    throw outcomeUndone(`the node group lives at ${row?.node ?? 'no server'}: somebody changed it`);
  const informed = nodes.filter(
    ({ role, active, hasMetadata }) => role === 'worker' && active && hasMetadata,
  );
  await presentNodes(
    db,
    nodes,
    informed.map(({ node }) => node),
  );
  const { host, port } = addressOf(row.node);
  const command = `select count(*) from pg_dist_node where nodeid = ${nodeId} and nodename = ${literal(host)} and nodeport = ${port}`;
  const answers = await runOnNodes(
    db,
    informed.map(({ node }) => ({ node, command })),
  );
  const late = answers.find(({ result }) => result !== '1');
  if (late) throw passing(`${late.node} does not know yet that ${row.node} has taken over`);
  const groups = await readShardGroups(db);
  return {
    after: balanceOf(groups, nodes),
    notes: [],
    detail: `${row.node} is in service, and all workers know it`,
  };
}

/** Whether a clone is a worker, and every node with metadata has the same placements on it. Retried until it is so. */
export async function splitOutcome(db: Db, { nodeId, clone }: VerifyReplacementOrder): Promise<Verification> {
  const nodes = await readNodes(db);
  await presentNodes(db, nodes, [clone]);
  const informed = nodes.filter(
    ({ role, active, hasMetadata }) => role === 'worker' && active && hasMetadata,
  );
  const groups = await readShardGroups(db);
  const groupOf = (which: (node: ClusterNode) => boolean): number => nodes.find(which)?.groupId ?? -1;
  const own = groupOf(({ node }) => node.toLowerCase() === clone.toLowerCase());
  const source = groupOf((each) => each.nodeId === nodeId);
  const command = `select coalesce(md5(string_agg(shardid || ' ' || groupid, ',' order by shardid, groupid)), '') from pg_dist_placement where groupid in (${own}, ${source})`;
  const [here] = await db.query<{ sum: string }>(command.replace(' from', ' as sum from'));
  const answers = await runOnNodes(
    db,
    informed.map(({ node }) => ({ node, command })),
  );
  const late = answers.find(({ result }) => result !== here?.sum);
  if (late) throw passing(`${late.node} does not know yet which shards ${clone} has`);
  const count = groups.filter(({ movable, groupId }) => movable && groupId === own).length;
  return {
    after: balanceOf(groups, nodes),
    notes: [],
    detail: `${clone} is a worker with ${count} shard groups, and all workers know it`,
  };
}
