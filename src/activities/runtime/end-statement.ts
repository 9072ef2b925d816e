import { isPreparing } from '../../citus/moving/prepared.js';
import { activeWorkers, readNodes } from '../../citus/nodes/nodes.js';
import { preparesThroughout } from '../../citus/session/application-name.js';
import type { Db } from '../../citus/session/connect.js';
import { cancelStatement, endIdleSession, type OwnSession } from '../../citus/session/own-sessions.js';

/** Seconds after which an idle session counts as left by a client that went without a word. */
const idleSeconds = 2;

/**
 * Does what can be done to end a session of ours at the coordinator; the caller looks again until it is gone. A
 * statement that may be preparing a distributed transaction is left to its own end: ended in ROLLBACK PREPARED it can
 * hang with a lock on `pg_dist_node` (measured, docs/citus.md).
 */
export async function endStatement(db: Db, session: OwnSession): Promise<void> {
  if (session.state.startsWith('idle')) {
    if (session.seconds > idleSeconds) await endIdleSession(db, session, idleSeconds);
    return;
  }
  if (preparesThroughout(session.applicationName)) return;
  if (
    session.applicationName.includes(':move:') &&
    (await isPreparing(
      db,
      session.pid,
      activeWorkers(await readNodes(db)).map(({ node }) => node),
    ))
  )
    return;
  await cancelStatement(db, session);
}
