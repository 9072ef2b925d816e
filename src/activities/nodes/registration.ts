import {
  activateNode,
  addNode,
  countShards,
  deactivateNode,
  readRegistration,
  takeGroup,
} from '../../citus/nodes/registration.js';
import type { Db } from '../../citus/session/connect.js';
import type { RegistrationEntry } from '../../contract/internal/undo.js';
import { does, type Remedy } from '../../contract/index.js';
import { needsPerson } from '../../failures.js';
import { assertNothingInDoubt, deregister, warningAbout } from './deregister.js';

/** Reads how these servers are registered. Active workers need nothing; each other gets an entry of the undo ledger. */
export async function planRegistrations(db: Db, nodes: string[]): Promise<RegistrationEntry[]> {
  const entries: RegistrationEntry[] = [];
  for (const node of nodes) {
    const row = await readRegistration(db, node);
    const id = `registration ${node}`;
    if (!row)
      entries.push({ id, kind: 'registration', node, before: 'absent', groupId: await takeGroup(db) });
    else if (!row.active)
      entries.push({ id, kind: 'registration', node, before: 'inactive', groupId: row.groupId });
  }
  return entries;
}

/**
 * Registers a worker as its entry says, or finds it registered.
 *
 * @param isFirst whether no attempt before may have done it
 * @returns whether it is ours: false when somebody else has registered the server meanwhile
 * @throws NeedsPerson when its row is another than when it was looked at
 */
export async function register(
  db: Db,
  { node, before, groupId }: RegistrationEntry,
  { isFirst = false } = {},
): Promise<boolean> {
  const rowBefore = await readRegistration(db, node);
  if (before === 'absent') {
    if (!rowBefore) await addNode(db, node, groupId);
    const row = rowBefore ?? (await readRegistration(db, node));
    if (row && !row.active)
      throw registrationChanged(
        node,
        'somebody has registered it as an inactive node',
        does('retry', 'activate it or take it out, then retry'),
      );
    return row?.groupId === groupId;
  }
  if (rowBefore?.groupId !== groupId) {
    if (rowBefore?.active) return false;
    throw registrationChanged(
      node,
      rowBefore ? `its group is ${rowBefore.groupId}, not ${groupId}` : 'its row is gone',
      does('retry', 'register it and activate it, then retry'),
    );
  }
  if (rowBefore.active) return !isFirst;
  await activateNode(db, node);
  return true;
}

function registrationChanged(node: string, what: string, remedy: Remedy): ReturnType<typeof needsPerson> {
  return needsPerson(`${node} is registered otherwise than when it was looked at: ${what}`, {
    evidence: [`pg_dist_node, ${node}: ${what}`],
    remedies: [remedy, does('cancel', 'or cancel, and start anew: it is looked at again then')],
  });
}

/**
 * Takes back what an operation did to a worker's registration, unless the worker holds shards by now or the row isn't
 * its own any more.
 *
 * @param since when it was first tried, in milliseconds
 * @param mayAct asked right before; throws when nothing may be changed any more
 * @returns what a person should know
 */
export async function unregister(
  db: Db,
  { node, before, groupId }: RegistrationEntry,
  since: number,
  mayAct: () => Promise<void>,
): Promise<string[]> {
  const row = await readRegistration(db, node);
  // Said alike by the attempt that took it out and by the next one, which finds it so.
  const note = `${node} is not registered, as before`;
  if (!row || row.groupId !== groupId) {
    // An attempt before may have taken it out, and its machine is stopped next.
    if (before === 'absent') await assertNothingInDoubt(db, { node, groupId });
    return row || before === 'inactive' ? [] : [note];
  }
  const shards = await countShards(db, groupId);
  if (shards > 0) return [`${node} stays registered: it holds ${shards} shards by now`];
  if (before === 'inactive') {
    await mayAct();
    if (row.active) await deactivateNode(db, node);
    return [`${node} is inactive again`];
  }
  const leaving = { node, groupId };
  await deregister(db, leaving, since, mayAct);
  const warning = await warningAbout(db, leaving);
  return [warning === undefined ? note : `${note}; ${warning}`];
}
