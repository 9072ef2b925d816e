import { setTimeout as sleep } from 'node:timers/promises';
import type { Db } from '../session/db.js';

/** Milliseconds that a session of a hold may take to end once it was told to. */
const endMs = 10_000;

/** Ends the sessions of a hold at a server, and returns when none is left. Their transactions are rolled back. */
export async function endHoldSessions(db: Db, applicationName: string): Promise<void> {
  for (const end = Date.now() + endMs; ;) {
    const left = await db.query(
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1 AND pid <> pg_backend_pid()',
      [applicationName],
    );
    if (left.length === 0) return;
    if (Date.now() >= end) throw new Error(`a hold of ours on ${db.node} doesn't end`);
    await sleep(50);
  }
}
