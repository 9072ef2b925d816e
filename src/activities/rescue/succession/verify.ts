import { readShardsOf } from '../../../citus/lost/successor.js';
import { runOnNodes } from '../../../citus/nodes/node-settings.js';
import { readNodes } from '../../../citus/nodes/nodes.js';
import type { Succession } from '../../../citus/nodes/point-at.js';
import { isRegistered } from '../../../citus/nodes/registration.js';
import { readStale } from '../../../citus/nodes/stale-metadata.js';
import { literal } from '../../../citus/session/quote.js';
import type { Db } from '../../../citus/session/connect.js';
import { readShardGroupsWithin } from '../../../citus/tables/shard-groups.js';
import { does } from '../../../contract/index.js';
import { passing } from '../../../failures.js';
import { balanceOf } from '../../../planning/balance.js';
import { count } from '../../../text/figures.js';
import { outcomeUndone, type Verification } from '../../verify/verification.js';

const sizesSeconds = 20;

/** Whether a server has taken the place of a dead worker: all nodes that answer know it, and its shards can be reached there. */
export async function successionOutcome(
  db: Db,
  { nodeId, groupId, from, to }: Succession,
): Promise<Verification> {
  const nodes = await readNodes(db);
  const giveUp = does('giveUp', 'or give up, and leave it as it is');
  const own = nodes.find((each) => each.nodeId === nodeId);
  if (own?.node.toLowerCase() !== to.toLowerCase() || (await isRegistered(db, from)))
    throw outcomeUndone(`node ${nodeId} is ${own?.node ?? 'gone'}, not ${to}`, giveUp);
  if (!own.active || !own.hasMetadata || !own.metadataSynced || (await readStale(db, [own.node])).length > 0)
    throw passing(`${to} doesn't have the present metadata yet`);
  const shards = await readShardsOf(db, groupId);
  const command = `SELECT count(*) FROM unnest(ARRAY[${shards.map(literal).join(', ')}]::text[]) s WHERE to_regclass(s) IS NOT NULL`;
  // Over the coordinator's own connection, as statements of users go.
  const [answer] = await runOnNodes(db, [{ node: own.node, command }]);
  if (!answer?.success) throw passing(`the coordinator doesn't reach ${to}: ${answer?.result ?? ''}`);
  if (Number(answer.result) !== shards.length)
    throw outcomeUndone(`${to} has ${answer.result} of ${count(shards.length, 'shard')}`, giveUp);
  const { groups } = await readShardGroupsWithin(db, sizesSeconds);
  return {
    after: balanceOf(groups, nodes),
    notes: nodes
      .filter((each) => each.role === 'secondary' && each.groupId === groupId)
      .map(
        ({ node }) =>
          `${node} is registered as a standby of ${from} still: have it follow ${to}, or remove its row`,
      ),
    detail: `${to} is in the place of ${from}, with ${count(shards.length, 'shard')}`,
  };
}
