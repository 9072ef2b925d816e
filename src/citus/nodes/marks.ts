import type { Db } from '../session/connect.js';
import { setShouldHaveShards } from '../tables/rebalance-plan.js';
import { readNodes } from './nodes.js';

/** Says whether nodes should hold shards; those that say so already, or are gone, are left alone. */
export async function markNodes(db: Db, wishes: { node: string; value: boolean }[]): Promise<void> {
  const nodes = await readNodes(db);
  for (const { node, value } of wishes) {
    const row = nodes.find((each) => each.node.toLowerCase() === node.toLowerCase());
    if (row && row.shouldHaveShards !== value) await setShouldHaveShards(db, row.node, value);
  }
}
