import { setTimeout as sleep } from 'node:timers/promises';
import type { Db } from '../../citus/session/connect.js';
import { readOwnSessions, type OwnSession, type SessionFilter } from '../../citus/session/own-sessions.js';
import { endStatement } from './end-statement.js';

const pollMs = 200;

/**
 * Ends sessions of ours at the coordinator, and returns when none of them is left: nothing of them runs on then.
 *
 * @param onRemaining called with those that are left after each look; may throw to end the waiting
 */
export async function endSessions(
  db: Db,
  filter: SessionFilter,
  onRemaining: (sessions: OwnSession[]) => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  for (;;) {
    const sessions = await readOwnSessions(db, filter);
    if (sessions.length === 0) return;
    for (const session of sessions) await endStatement(db, session);
    await onRemaining(sessions);
    await sleep(pollMs);
  }
}
