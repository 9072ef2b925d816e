import { setTimeout as sleep } from 'node:timers/promises';
import { query, sqlState, type Login } from './query.js';
import { logTail, runningPid } from './server.js';

/** Milliseconds that a server may take to start; crash recovery included. */
const patience = 60_000;

/** Waits until a server that was launched answers. Fails when it ended, with the end of its log. */
export async function untilReady(login: Login, dataFolder: string): Promise<void> {
  const started = Date.now();
  for (;;) {
    try {
      await query(login, 'SELECT 1');
      return;
    } catch (error) {
      if (!mayPass(error)) throw error;
      // Until it wrote its id there is a moment without one.
      const hasEnded = runningPid(dataFolder) === undefined && Date.now() - started > 3000;
      if (hasEnded || Date.now() - started > patience) {
        throw new Error(`PostgreSQL did not start on port ${login.port}:\n${logTail(dataFolder)}`, {
          cause: error,
        });
      }
      await sleep(25);
    }
  }
}

/** Nobody listens yet, or the server says that it is starting up. */
function mayPass(error: unknown): boolean {
  if (sqlState(error) === '57P03') return true;
  return (
    error instanceof Error && 'code' in error && ['ECONNREFUSED', 'ECONNRESET'].includes(String(error.code))
  );
}
