import { runOnNodes } from '../../citus/nodes/node-settings.js';
import { findNode, type ClusterNode } from '../../citus/nodes/nodes.js';
import type { Db } from '../../citus/session/connect.js';
import { passing } from '../../failures.js';
import { outcomeUndone } from './verification.js';

/** The rows of these nodes; retried until each is in sync and answers. @throws NeedsPerson when one left the cluster */
export async function presentNodes(
  db: Db,
  nodes: ClusterNode[],
  addresses: string[],
  ids: readonly number[] = [],
): Promise<ClusterNode[]> {
  const rows = addresses.map((address, index) => {
    const node = findNode(nodes, { node: address, nodeId: ids[index] });
    if (!node?.active) throw outcomeUndone(`${address} is ${node ? 'not active' : 'not registered'}`);
    // Metadata follows within seconds; retried until it has.
    if (!node.metadataSynced) throw passing(`${address} has not got the metadata yet`);
    return node;
  });
  // The catalog says `active` of a dead one too.
  const questions = rows.map(({ node }) => ({ node, command: 'select 1' }));
  const silent = (await runOnNodes(db, questions)).find(({ success }) => !success);
  if (silent) throw passing(`${silent.node} does not answer: ${silent.result}`);
  return rows;
}
