import type { Db } from '../session/connect.js';
import { setShouldHaveShards } from '../tables/rebalance-plan.js';
import { readNodes } from './nodes.js';

/**
 * Marks nodes as ones that should hold shards, or not; those that are marked so already, or are gone, are left alone.
 */
export async function markNodes(db: Db, wishes: { node: string; value: boolean }[]): Promise<void> {
  const nodes = await readNodes(db);
  for (const { node, value } of wishes) {
    const row = nodes.find((each) => each.node.toLowerCase() === node.toLowerCase());
    if (row && row.shouldHaveShards !== value) await setShouldHaveShards(db, row.node, value);
  }
}
