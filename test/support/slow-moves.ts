import pg from 'pg';
import type { SandboxCluster } from '../../sandbox/index.js';

/**
 * Makes moves last, so that there is a "mid-move", until released. Real Citus: an open transaction that has written
 * on the source makes every move from it wait in `Setting Up`. The stand-in: its settable duration.
 */
export async function slowMoves(cluster: SandboxCluster, seconds = 600): Promise<() => Promise<void>> {
  if (cluster.flavour === 'stand-in') {
    const set = async (value: number): Promise<void> => {
      await cluster.query(`alter system set stand_in.move_seconds = ${value}`);
      await cluster.query('select pg_reload_conf()');
      await new Promise((resolve) => setTimeout(resolve, 200));
    };
    await set(Math.min(seconds, 6));
    return () => set(0);
  }
  const clients = await Promise.all(
    cluster.workers.map(async ({ login }) => {
      const client = new pg.Client({ ...login, database: 'postgres' });
      client.on('error', () => undefined);
      await client.connect();
      await client.query('create table if not exists open_transaction (i int)');
      await client.query('begin');
      await client.query('insert into open_transaction values (1)');
      return client;
    }),
  );
  return async () => {
    await Promise.all(clients.map((client) => client.end().catch(() => undefined)));
  };
}
