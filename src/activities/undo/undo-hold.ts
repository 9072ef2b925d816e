import type { ClusterConfig } from '../../config/index.js';
import type { HoldEntry } from '../../contract/internal/undo.js';
import { lookAtHold, settle } from '../hold/look.js';
import { readSession } from '../runtime/context.js';

/**
 * Ends a hold, wherever it was interrupted: before the switch the old server stays in service, after it the clone does. The
 * other one is fenced, unless it is a standby still.
 *
 * @param mayAct asked before a server is fenced; throws when nothing may be changed any more
 */
export async function undoHold(
  cluster: ClusterConfig,
  entry: HoldEntry,
  mayAct: () => Promise<void>,
): Promise<{ notes: string[] }> {
  const look = readSession('hold', { statementTimeoutSeconds: 30 });
  await mayAct();
  const state = await lookAtHold(cluster, entry, look);
  await settle(cluster, entry, state, look);
  if (state === 'untouched') return { notes: [] };
  return {
    notes: [
      state === 'switched'
        ? `${entry.clone} has taken the place of ${entry.node}, which can't be undone; ${entry.node} is fenced: stop it for good`
        : `${entry.node} stays in service; ${entry.clone} was promoted in vain and is fenced: stop it for good`,
    ],
  };
}
