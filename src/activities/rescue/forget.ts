import { forgetNodes, LossChangedError, type DeadNode } from '../../citus/lost/give-up.js';
import { giveUpSilentNodesSoon, readNodeAway } from '../../citus/nodes/node-answers.js';
import { readRegistration } from '../../citus/nodes/registration.js';
import type { Db } from '../../citus/session/connect.js';
import { does } from '../../contract/index.js';
import { refused } from '../../failures.js';
import { lossHash } from './facts.js';

/** The order to take dead workers out. */
export interface ForgetOrder {
  cluster: string;
  lockId: string;
  /** As they were registered when the plan was made. */
  dead: DeadNode[];
  /** Hash of the loss that was approved; absent: nothing may be lost. */
  lossHash?: string;
  /** Patroni ran them, and may have left a transaction open that locks the rows of nodes. */
  patroni?: true;
}

/**
 * Takes dead workers out of the cluster, all at once, or finds them out. What only they held is given up, exactly as it was
 * approved.
 *
 * @param mayAct asked right before; throws when nothing may be changed any more
 * @param origin who does it, for people who find the empty tables
 * @throws PlanChanged when one answers again, or when other shards would be lost than were approved
 */
export async function forgetDead(
  db: Db,
  { cluster, dead, lossHash: approved }: ForgetOrder,
  mayAct: () => Promise<void>,
  origin: string,
): Promise<void> {
  const registered: DeadNode[] = [];
  for (const each of dead)
    if ((await readRegistration(db, each.node))?.nodeId === each.nodeId) registered.push(each);
  if (registered.length === 0) return;
  await giveUpSilentNodesSoon(db);
  for (const { node } of registered)
    if (!(await readNodeAway(db, [node]))) throw changed(cluster, `${node} answers again`);
  await mayAct();
  const names = registered.map(({ node }) => node);
  try {
    await forgetNodes(
      db,
      registered,
      (lost) => (lost.length === 0 ? approved === undefined : lossHash(names, lost) === approved),
      `${origin} gave up what ${names.join(', ')} held`,
    );
  } catch (error) {
    if (error instanceof LossChangedError) throw changed(cluster, error.message);
    throw error;
  }
}

function changed(cluster: string, problem: string): Error {
  return refused('PlanChanged', `${problem}: nothing was taken out`, {
    cluster,
    evidence: [problem],
    remedies: [does('health', 'look how the cluster is, and ask again', { cluster })],
  });
}
