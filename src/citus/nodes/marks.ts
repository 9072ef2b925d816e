import type { Db } from '../session/db.js';
import { setShouldHaveShards } from '../tables/rebalance-plan.js';
import { findNode, readNodes, type NamedNode } from './nodes.js';

/**
 * Marks nodes as ones that should hold shards, or not; those that are marked so already, or are gone, are left alone.
 */
export async function markNodes(db: Db, wishes: (NamedNode & { value: boolean })[]): Promise<void> {
  const nodes = await readNodes(db);
  for (const wish of wishes) {
    const row = findNode(nodes, wish);
    if (row && row.shouldHaveShards !== wish.value) await setShouldHaveShards(db, row.node, wish.value);
  }
}
