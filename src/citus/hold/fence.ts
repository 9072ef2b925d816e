import { setTimeout as sleep } from 'node:timers/promises';
import type { Db } from '../session/db.js';
import { identifier } from '../session/quote.js';

/** Where a database is fenced from: nobody can refuse connections to the one that he is in. */
export const fenceDatabaseName = 'postgres';

/** Milliseconds until every session of a fenced database has ended. */
const endMs = 10_000;

/**
 * Lets nobody into a database any more, and ends all who are in it: also Citus's own daemon there, which would roll back
 * transactions of the server that has taken its place (measured, docs/citus.md).
 *
 * @param db a session in the database `postgres` of that server
 */
export async function fenceDatabase(db: Db, database: string): Promise<void> {
  // A synchronous standby may be away, or be the very one that has taken its place.
  await db.query('SET synchronous_commit = local');
  const [row] = await db.query<{ open: boolean }>(
    'SELECT datallowconn AS open FROM pg_database WHERE datname = $1',
    [database],
  );
  if (row?.open === true) await db.query(`ALTER DATABASE ${identifier(database)} ALLOW_CONNECTIONS false`);
  for (const end = Date.now() + endMs; ;) {
    const left = await db.query(
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()',
      [database],
    );
    if (left.length === 0) return;
    if (Date.now() >= end) throw new Error(`${left.length} sessions in ${database} on ${db.node} don't end`);
    await sleep(20);
  }
}

/** Why the role of this session could not fence a database; undefined: it could. */
export async function whyNoFence(db: Db, database: string): Promise<string | undefined> {
  const [row] = await db.query<{ superuser: boolean; there: boolean }>(
    `SELECT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS superuser,
            EXISTS (SELECT FROM pg_database WHERE datname = $1) AS there`,
    [database],
  );
  if (row?.there !== true) return `there is no database ${database}`;
  return row.superuser ? undefined : 'its role is no superuser there';
}
