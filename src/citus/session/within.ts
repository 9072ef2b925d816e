import type { Db } from './db.js';

/**
 * Runs statements that may wait for a silent node or a lock, with a limit of their own, in a transaction of their
 * own. The session stays usable.
 *
 * @returns undefined when PostgreSQL refused or stopped them
 * @throws when the connection is lost
 */
export async function within<T>(db: Db, seconds: number, work: () => Promise<T>): Promise<T | undefined> {
  await db.query('BEGIN READ ONLY');
  try {
    await db.query(`SET LOCAL statement_timeout = '${seconds}s'`);
    const result = await work();
    await db.query('COMMIT');
    return result;
  } catch (error) {
    if (!(error instanceof Error && 'severity' in error)) throw error;
    await db.query('ROLLBACK');
    return undefined;
  }
}
