import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startCluster, type SandboxCluster } from '../../../sandbox/index.js';
import {
  ConnectionLostError,
  CoordinatorAwayError,
  withCoordinator,
  type Db,
} from '../../../src/citus/session/connect.js';
import { isPassingError } from '../../../src/activities/runtime/classify.js';
import { flavour } from '../../support/stage.js';
import { configOf } from './support.js';

let cluster: SandboxCluster;
beforeAll(async () => {
  cluster = await startCluster({ workers: 0, flavour });
});
afterAll(() => cluster.stop());

/** How the sockets of a connection end. */
const ends = {
  FIN: (socket: Socket) => void socket.end(),
  RST: (socket: Socket) => void socket.resetAndDestroy(),
};

/** In what the connection ends: what the client sends, or the server answers, is not passed on. */
const phases = {
  'before anything was answered': { from: 'client', loggedIn: false, seen: () => true },
  'while it logs in': { from: 'server', loggedIn: false, seen: (text: string) => text.startsWith('R') },
  'once it is logged in': {
    from: 'client',
    loggedIn: true,
    seen: (text: string) => text.includes('set_config'),
  },
  'as a statement is sent': {
    from: 'client',
    loggedIn: true,
    seen: (text: string) => text.includes('generate_series'),
  },
  'in the middle of an answer': {
    from: 'server',
    loggedIn: true,
    seen: (text: string) => text.includes('row 77'),
  },
} as const;

interface Cutter {
  port: number;
  close: () => Promise<void>;
}

/** A way to the coordinator that is cut once it has seen what it waits for. */
async function cutting(phase: keyof typeof phases, end: keyof typeof ends): Promise<Cutter> {
  const { from, seen } = phases[phase];
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(cluster.coordinator.port, '127.0.0.1');
    let isCut = false;
    const pass = (source: Socket, target: Socket, name: 'client' | 'server'): void => {
      sockets.add(source);
      source.on('error', () => undefined);
      source.on('end', () => !isCut && target.end());
      source.on('data', (data) => {
        if (isCut) return;
        if (name !== from || !seen(data.toString('latin1'))) return void target.write(data);
        isCut = true;
        far.destroy();
        ends[end](near);
      });
    };
    pass(near, far, 'client');
    pass(far, near, 'server');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

const work = (db: Db): Promise<unknown> => db.query(`SELECT 'row ' || i FROM generate_series(1, 50000) i`);

async function failureOf(running: Promise<unknown>): Promise<Error> {
  try {
    await running;
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('it did not fail');
}

for (const end of Object.keys(ends) as (keyof typeof ends)[])
  describe(`a connection that ends by ${end}`, () => {
    for (const phase of Object.keys(phases) as (keyof typeof phases)[])
      test(`${phase} is lost, and that passes`, async () => {
        const way = await cutting(phase, end);
        try {
          const config = configOf(cluster, { coordinator: { port: way.port } });
          const error = await failureOf(
            withCoordinator(config, { applicationName: 'citus-scaler:test' }, work),
          );
          // Until it is logged in, it isn't a session that is lost but a coordinator that is away.
          const isAway = error instanceof CoordinatorAwayError;
          expect(isAway).toBe(!phases[phase].loggedIn);
          expect(isAway ? error.cause : error).toBeInstanceOf(ConnectionLostError);
          expect(error.message).toContain(`127.0.0.1:${way.port}`);
          expect(isPassingError(error)).toBe(true);
        } finally {
          await way.close();
        }
      });
  });

describe('a session that the server ends', () => {
  // Also when an expectation fails: what comes after needs the server.
  afterEach(async () => {
    if (!cluster.coordinator.isRunning()) await cluster.coordinator.start();
  });
  const sessionName = 'citus-scaler:test-ended';
  const sleep = (): Promise<Error> =>
    failureOf(
      withCoordinator(configOf(cluster), { applicationName: sessionName }, async (db) => {
        await db.query('SELECT pg_sleep(20)');
      }),
    );
  const asleep = () =>
    expect
      .poll(() =>
        cluster.query(`SELECT pid FROM pg_stat_activity WHERE application_name = $1 AND state = 'active'`, [
          sessionName,
        ]),
      )
      .toHaveLength(1);

  test('because somebody asked for it is lost, with the server’s own words', async () => {
    const failing = sleep();
    await asleep();
    await cluster.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1`,
      [sessionName],
    );
    const error = await failing;
    expect(error).toBeInstanceOf(ConnectionLostError);
    expect(error.message).toContain('terminating connection due to administrator command');
  });

  for (const how of ['stop', 'kill'] as const)
    test(`as the server ends by ${how} is lost, and the next one is refused`, async () => {
      const failing = sleep();
      await asleep();
      await cluster.coordinator[how]();
      expect(await failing).toBeInstanceOf(ConnectionLostError);
      const next = await failureOf(
        withCoordinator(configOf(cluster), { applicationName: sessionName }, work),
      );
      expect(next).toMatchObject({ code: 'ECONNREFUSED' });
    });
});
