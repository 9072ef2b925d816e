import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Login } from './postgres/query.js';

/** How much load. */
export interface LoadOptions {
  /** Default 4. */
  clients?: number;
  /** Transactions a second of all clients together; default 100. 0: as many as possible. */
  transactionsPerSecond?: number;
  /** Tenants that the data set has; default 200. */
  tenants?: number;
}

/** The outcome of a load; times in milliseconds. */
export interface LoadReport {
  transactions: number;
  failed: number;
  /** Messages of the failed ones, with how often each came. */
  messages: Record<string, number>;
  /** Milliseconds. */
  p99: number;
  slowest: number;
  /** Orders that the database said were stored: none of them may be missing afterwards. */
  inserted: number;
  seconds: number;
}

/** A running load. */
export interface Load {
  /** So far. */
  report(): LoadReport;
  stop(): Promise<LoadReport>;
}

/** Order ids that the load inserts start here, above those of the data set. */
const firstLoadOrder = 1_000_000;

/** A light, steady write load on the data set of data.ts, over the coordinator: an insert and an update a transaction. */
export function startLoad(coordinator: { login: Login }, options: LoadOptions = {}): Load {
  const { clients = 4, transactionsPerSecond = 100, tenants = 200 } = options;
  const started = Date.now();
  const times: number[] = [];
  const messages: Record<string, number> = {};
  let running = true;
  let nextOrder = firstLoadOrder;
  const pause = transactionsPerSecond === 0 ? 0 : (1000 * clients) / transactionsPerSecond;

  async function client(number: number): Promise<void> {
    let connection: pg.Client | undefined;
    while (running) {
      const began = performance.now();
      try {
        connection ??= await connect(coordinator.login);
        // Each client has tenants of its own: reached through foreign tables, two that update one row at once are a
        // serialization failure with the stand-in, and only a short wait with Citus.
        const turn = Math.floor(Math.random() * Math.floor(tenants / clients));
        await transaction(connection, 1 + number + clients * turn, nextOrder++);
        times.push(performance.now() - began);
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        messages[message] = (messages[message] ?? 0) + 1;
        await connection?.end().catch(() => undefined);
        connection = undefined;
        await sleep(20);
      }
      await sleep(Math.max(0, pause - (performance.now() - began)));
    }
    await connection?.end().catch(() => undefined);
  }

  const all = Array.from({ length: clients }, (_, number) => client(number));
  const report = (): LoadReport => summary(times, messages, (Date.now() - started) / 1000);
  return {
    report,
    stop: async () => {
      running = false;
      await Promise.all(all);
      return report();
    },
  };
}

async function connect(login: Login): Promise<pg.Client> {
  const client = new pg.Client({ ...login, application_name: 'sandbox load' });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

async function transaction(client: pg.Client, tenant: number, order: number): Promise<void> {
  await client.query('BEGIN');
  await client.query('INSERT INTO orders VALUES ($1, $2, $3, $4)', [tenant, order, 1, 'load']);
  await client.query('UPDATE tenants SET plan_id = plan_id % 3 + 1 WHERE tenant_id = $1', [tenant]);
  await client.query('COMMIT');
}

function summary(times: number[], messages: Record<string, number>, seconds: number): LoadReport {
  const sorted = times.toSorted((a, b) => a - b);
  const failed = Object.values(messages).reduce((sum, count) => sum + count, 0);
  return {
    transactions: times.length,
    failed,
    messages: { ...messages },
    p99: Math.round(sorted[Math.floor(sorted.length * 0.99)] ?? 0),
    slowest: Math.round(sorted.at(-1) ?? 0),
    inserted: times.length,
    seconds,
  };
}
