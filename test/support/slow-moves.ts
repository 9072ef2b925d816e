import pg from 'pg';
import { openCluster } from '../../sandbox/cluster/cluster.js';
import type { SandboxCluster } from '../../sandbox/index.js';
import { query } from '../../sandbox/postgres/query.js';
import type { ScaleOutInput } from '../../src/contract/index.js';
import type { Operation, Stage } from './stage.js';

/**
 * Makes moves last, so that there is a "mid-move", until released. Real Citus: an open transaction that has written
 * on the source makes every move from it wait in `Setting Up`. The stand-in: its settable duration, which a move that
 * has begun keeps.
 */
export async function slowMoves(cluster: SandboxCluster, standInSeconds = 10): Promise<() => Promise<void>> {
  if (cluster.flavour === 'stand-in') {
    const set = async (value: number): Promise<void> => {
      await cluster.query(`alter system set stand_in.move_seconds = ${value}`);
      await cluster.query('select pg_reload_conf()');
      // A session begins with what the server has read by then, which takes a while on a busy machine.
      const inNewSession = (): Promise<{ seconds: string }[]> =>
        query(cluster.coordinator.login, `select current_setting('stand_in.move_seconds') as seconds`);
      while ((await inNewSession())[0]?.seconds !== `${value}`)
        await new Promise((resolve) => setTimeout(resolve, 50));
    };
    await set(standInSeconds);
    return () => set(0);
  }
  const clients = await Promise.all(
    // As they are now: a machine that was started meanwhile may be a source too.
    openCluster(cluster.folder)
      .workers.filter((worker) => worker.isRunning())
      .map(async ({ login }) => {
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

/** The first steps that a pause holds up. */
const heldByPause = ['Take out of service', 'Copy reference tables'];

/** A scale-out in the middle of its movement, which lasts until released; with the stand-in so many seconds. */
export function midMove(
  stage: Stage,
  id: string,
  input: Partial<ScaleOutInput>,
  standInSeconds?: number,
): Promise<{ op: Operation; release: () => Promise<void> }> {
  return midMoveOf(stage, () => stage.scaleOut(id, { ...input, approval: 'required' }), standInSeconds);
}

/** An operation that waits for approval once started, brought to the middle of its movement. */
export async function midMoveOf(
  stage: Stage,
  start: () => Promise<Operation>,
  standInSeconds?: number,
): Promise<{ op: Operation; release: () => Promise<void> }> {
  const op = await start();
  let release = (): Promise<void> => Promise.resolve();
  try {
    await op.until('awaiting approval', ({ state }) => state === 'awaiting-approval');
    await op.update('pause', { by: 'test' });
    await op.update('approve', { by: 'test' });
    await op.until('about to move', ({ steps }) =>
      steps.some(({ name, state }) => state === 'running' && heldByPause.includes(name)),
    );
    // Copied here, while it is paused: its own copy would wait for the same transactions as the moves.
    await stage.cluster.query(`select replicate_reference_tables('auto')`);
    release = await slowMoves(stage.cluster, standInSeconds);
    await op.update('resume', { by: 'test' });
    await op.until('moving', ({ progress }) => (progress?.movingTotal ?? 0) > 0);
    await untilMovesRun(stage.cluster, op);
    return { op, release };
  } catch (error) {
    // The next test finds the cluster free.
    await op.cancel().catch(() => undefined);
    await release();
    throw error;
  }
}

/** Process ids of the moves of ours that run at the server, whoever waits for them. */
export async function movesAtServer(cluster: SandboxCluster): Promise<number[]> {
  const rows = await cluster.query<{ pid: number }>(
    `select pid from pg_stat_activity where application_name ~ '^citus-scaler:.*:move:[0-9]+$' and state = 'active' order by 1`,
  );
  return rows.map(({ pid }) => pid);
}

/** Returns once every move that was handed out has begun at the server. */
async function untilMovesRun(cluster: SandboxCluster, op: Operation): Promise<void> {
  for (const end = Date.now() + 60_000; ;) {
    const { progress } = await op.status();
    const handedOut = progress?.movingTotal ?? 0;
    if (handedOut > 0 && (await movesAtServer(cluster)).length >= handedOut) return;
    if (Date.now() > end)
      throw new Error(`no move runs at the server: ${JSON.stringify(await op.status(), null, 1)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
