import { readClone, removeClone } from '../../citus/hold/split.js';
import { recoverTransactions } from '../../citus/leftovers/removal.js';
import { withCoordinator, type ConnectOptions } from '../../citus/session/connect.js';
import { withAnswers } from '../../citus/session/lost-answer.js';
import type { ClusterConfig } from '../../config/index.js';
import type { HoldEntry } from '../../contract/internal/undo.js';
import { lookAtHold, settle, type HoldState } from '../hold/look.js';
import { endAtCoordinator } from '../hold/servers.js';
import { changeSession, readSession } from '../runtime/context.js';

/**
 * Ends a hold, wherever it was interrupted: before the switch the old server stays in service, after it the clone does, or
 * both. Whichever isn't is fenced, unless it is a standby still; a clone that has no shards is no node any more.
 *
 * @param mayAct asked before something is changed; throws when nothing may be changed any more
 */
export async function undoHold(
  cluster: ClusterConfig,
  entry: HoldEntry,
  mayAct: () => Promise<void>,
): Promise<{ notes: string[] }> {
  const look = readSession('hold', { statementTimeoutSeconds: 30 });
  await mayAct();
  // First, since the clone itself may be dead.
  if (entry.splits) await withdraw(cluster, entry, mayAct, look);
  const state = await lookAtHold(cluster, entry, look);
  await settle(cluster, entry, state, look);
  return { notes: notesOf(entry, state) };
}

/** Takes the row of a clone out, as long as it is no worker. */
async function withdraw(
  cluster: ClusterConfig,
  entry: HoldEntry,
  mayAct: () => Promise<void>,
  look: ConnectOptions,
): Promise<void> {
  await endAtCoordinator(cluster, entry, look);
  const isClone = await withCoordinator(
    cluster,
    look,
    async (db) => (await readClone(db, entry.clone))?.isClone,
  );
  if (!isClone) return;
  const options = changeSession('deregister', { statementTimeoutSeconds: 0 });
  await withAnswers(cluster, options, async (db) => {
    // What a commit that was cut off has prepared on the workers would be in the way for a minute.
    await recoverTransactions(db, { node: 'the coordinator', groupId: 0 });
    await mayAct();
    await removeClone(db, entry.clone);
  });
}

function notesOf({ node, clone, splits }: HoldEntry, state: HoldState): string[] {
  if (state === 'untouched') return [];
  if (state === 'spent')
    return [`${node} stays in service; ${clone} was promoted in vain and is fenced: stop it for good`];
  return [
    splits
      ? `${clone} is a worker with a part of the shards of ${node}, which can't be undone`
      : `${clone} has taken the place of ${node}, which can't be undone; ${node} is fenced: stop it for good`,
  ];
}
