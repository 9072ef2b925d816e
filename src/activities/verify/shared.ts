import { ApplicationFailure } from '@temporalio/common';
import type { Db } from '../../citus/session/connect.js';
import { runOnNodes } from '../../citus/nodes/node-settings.js';
import type { ClusterNode } from '../../citus/nodes/nodes.js';
import type { Balance } from '../../contract/index.js';
import { passing } from '../runtime/classify.js';

/** The answer of a verification. */
export interface Verified {
  after: Balance;
  notes: string[];
  /** One line for the step. */
  detail: string;
}

/** The rows of these nodes; retried until each is in sync and answers. @throws NeedsPerson when one left the cluster */
export async function presentNodes(db: Db, nodes: ClusterNode[], wanted: string[]): Promise<ClusterNode[]> {
  const present = wanted.map((address) => {
    const node = nodes.find((each) => each.node.toLowerCase() === address.toLowerCase());
    if (!node?.active) throw needsPerson(`${address} is ${node ? 'not active' : 'not registered'}`);
    // Metadata follows within seconds; retried until it has.
    if (!node.metadataSynced)
      throw ApplicationFailure.retryable(`${address} has not got the metadata yet`, passing);
    return node;
  });
  // The catalog says `active` of a dead one too.
  const questions = wanted.map((node) => ({ node, command: 'select 1' }));
  const silent = (await runOnNodes(db, questions)).find(({ success }) => !success);
  if (silent) throw ApplicationFailure.retryable(`${silent.node} does not answer: ${silent.result}`, passing);
  return present;
}

/** The failure of an operation whose outcome somebody else has undone. */
export function needsPerson(problem: string, otherwise = 'or cancel'): ApplicationFailure {
  return ApplicationFailure.create({
    type: 'NeedsPerson',
    message: problem,
    nonRetryable: true,
    details: [
      { evidence: [problem], remedies: ['find out who did that and undo it, then retry', otherwise] },
    ],
  });
}
