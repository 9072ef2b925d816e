import type { Db } from '../../citus/session/connect.js';
import { readNodeSetting, runOnNodes } from '../../citus/nodes/node-settings.js';
import type { ClusterNode } from '../../citus/nodes/nodes.js';
import { does, type Balance, type BorrowedSetting, type Remedy } from '../../contract/index.js';
import { needsPerson, passing } from '../../failures.js';

/** What a verification answers. */
export interface Verified {
  after: Balance;
  notes: string[];
  /** One line for the step. */
  detail: string;
}

/** Says which borrowed settings are not as their owner had them. */
export async function settingsAsBefore(db: Db, borrowed: BorrowedSetting[]): Promise<string[]> {
  const notes: string[] = [];
  for (const { node, name, before } of borrowed) {
    const [found] = await readNodeSetting(db, [node], name);
    if (found && !('error' in found) && found.owners !== before)
      notes.push(
        `${name} on ${node} is ${found.owners ?? 'not set'}, not as before (${before ?? 'not set'})`,
      );
  }
  return notes;
}

/** The rows of these nodes; retried until each is in sync and answers. @throws NeedsPerson when one left the cluster */
export async function presentNodes(db: Db, nodes: ClusterNode[], wanted: string[]): Promise<ClusterNode[]> {
  const found = wanted.map((address) => {
    const node = nodes.find((each) => each.node.toLowerCase() === address.toLowerCase());
    if (!node?.active) throw undone(`${address} is ${node ? 'not active' : 'not registered'}`);
    // Metadata follows within seconds; retried until it has.
    if (!node.metadataSynced) throw passing(`${address} has not got the metadata yet`);
    return node;
  });
  // The catalog says `active` of a dead one too.
  const asked = wanted.map((node) => ({ node, command: 'select 1' }));
  const silent = (await runOnNodes(db, asked)).find(({ success }) => !success);
  if (silent) throw passing(`${silent.node} does not answer: ${silent.result}`);
  return found;
}

/** The outcome was undone by somebody else: that is for a person. */
export function undone(problem: string, otherwise: Remedy = does('cancel', 'or cancel')): Error {
  return needsPerson(problem, {
    evidence: [problem],
    remedies: [does('retry', 'find out who did that and undo it, then retry'), otherwise],
  });
}
