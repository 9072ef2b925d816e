import { setTimeout as sleep } from 'node:timers/promises';
import { preparingPids } from '../../citus/moving/prepared.js';
import { activeWorkers, readNodes } from '../../citus/nodes/nodes.js';
import { preparesThroughout } from '../../citus/session/application-name.js';
import type { Db } from '../../citus/session/connect.js';
import {
  cancelStatement,
  endIdleSession,
  readOwnSessions,
  type OwnSession,
  type SessionFilter,
} from '../../citus/session/own-sessions.js';

/** Seconds after which an idle session counts as left by a client that went without a word. */
const idleSeconds = 2;
/** Milliseconds between two looks: at first, and at most. What waits for somebody may wait for hours. */
const firstPollMs = 200;
const longestPollMs = 2_000;

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
  for (let pollMs = firstPollMs; ; pollMs = Math.min(longestPollMs, pollMs * 1.5)) {
    const sessions = await readOwnSessions(db, filter);
    if (sessions.length === 0) return;
    await endStatements(db, sessions);
    await onRemaining(sessions);
    await sleep(pollMs);
  }
}

/**
 * Does what can be done to end sessions of ours; the caller looks again until they are gone. A statement that may be
 * preparing a distributed transaction is left to its own end: ended in ROLLBACK PREPARED it can hang with a lock on
 * `pg_dist_node` (measured, docs/citus.md).
 */
export async function endStatements(db: Db, sessions: OwnSession[]): Promise<void> {
  const idle = sessions.filter(({ state }) => state.startsWith('idle'));
  for (const session of idle)
    if (session.seconds > idleSeconds) await endIdleSession(db, session, idleSeconds);
  const active = sessions.filter((each) => !idle.includes(each) && !preparesThroughout(each.applicationName));
  if (active.length === 0) return;
  const isMove = ({ applicationName }: OwnSession): boolean => applicationName.includes(':move:');
  const preparing = active.some(isMove)
    ? await preparingPids(
        db,
        activeWorkers(await readNodes(db)).map(({ node }) => node),
      )
    : new Set();
  for (const session of active) if (!preparing.has(session.pid)) await cancelStatement(db, session);
}
