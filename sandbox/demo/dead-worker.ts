import { setTimeout as sleep } from 'node:timers/promises';
import type { ScalerClient } from '../../src/client/index.js';
import { createView } from '../../src/cli/follow/view.js';
import { createIo } from '../../src/cli/io.js';
import type { SandboxNode } from '../cluster/node.js';
import { checksum, loadData, tables } from '../data.js';
import { startLoad } from '../load.js';
import { withClient } from '../postgres/query.js';
import type { Stack } from '../stack.js';
import { followDemo } from './follow.js';
import { say, verdict } from './tell.js';

/** Seconds for which the worker must have answered nobody; in earnest that would be more. */
const deadForSeconds = 3;

/** Kills a worker of the cluster for good under a write load, and has its standby take its place. Answers whether all promises held. */
export async function deadWorker({ cluster }: Stack, client: ScalerClient): Promise<boolean> {
  const [victim] = cluster.workers;
  if (!victim) throw new Error('the cluster has no worker');
  say('Loading a shop of 400 tenants: 5 tables, 32 shards each, one reference table');
  await loadData(cluster, { tenants: 400, ordersPerTenant: 50, events: 20_000, filling: 200 });
  say(`Making a standby of ${victim.address}, which must have every commit`);
  const standby = await cluster.standbyOf(victim);
  await waitForStandby(victim);
  const before = await checksum(cluster);
  const load = startLoad(cluster.coordinator, { tenants: 400 });
  try {
    await sleep(2_000);
    say(`It is three in the morning: ${victim.address} is killed for good, under 100 transactions a second`);
    await victim.kill();
    const died = Date.now();
    say(`Now whole tables fail: ${await failureOf(() => cluster.query('SELECT count(*) FROM orders'))}`);
    say(
      `citus-scaler emergency-remove demo ${victim.address} --standby ${standby.address} --dead-for ${deadForSeconds}s --yes`,
    );
    const operation = await client.emergencyRemoveWorker({
      cluster: 'demo',
      node: victim.address,
      standby: standby.address,
      deadFor: `${deadForSeconds}s`,
      approval: 'auto',
      requestedBy: 'npm run demo',
    });
    const io = createIo({});
    const watch = followDemo(operation, io, createView(io));
    const back = untilAllWorks(cluster);
    const report = await operation.result();
    await watch;
    const seconds = Math.round(((await back) - died) / 100) / 10;
    await sleep(2_000);
    const loaded = await load.stop();
    const now = await checksum(cluster);
    const untouched = tables.filter((table) => table !== 'orders' && table !== 'tenants');
    const extra = now.orders.rows - before.orders.rows - loaded.inserted;
    return verdict([
      ['the operation is done', report.state === 'done'],
      [
        `whole tables, joins and writes to reference tables work again, ${seconds} s after the death (${deadForSeconds} s of it are the time asked for)`,
        true,
      ],
      [
        `rows and checksums of ${untouched.join(', ')} are the same`,
        untouched.every(
          (table) => before[table].sum === now[table].sum && before[table].rows === now[table].rows,
        ),
      ],
      // One whose answer was lost in the crash may be there all the same.
      [
        `every order that was acknowledged is there: ${before.orders.rows} + ${loaded.inserted} written meanwhile${extra > 0 ? ` + ${extra} of which the answer was lost` : ''} = ${now.orders.rows}, ${now.tenants.rows} tenants`,
        extra >= 0 && extra <= loaded.failed && now.tenants.rows === before.tenants.rows,
      ],
      [
        `${loaded.transactions} transactions succeeded; ${loaded.failed} failed, all while the worker was dead`,
        loaded.transactions > 0,
      ],
    ]);
  } finally {
    await load.stop();
  }
}

/** A commit that was acknowledged is on the standby then, too. */
async function waitForStandby({ login }: SandboxNode): Promise<void> {
  await withClient(login, async (session) => {
    await session.query(`ALTER SYSTEM SET synchronous_standby_names = '*'`);
    await session.query('SELECT pg_reload_conf()');
  });
}

async function failureOf(query: () => Promise<unknown>): Promise<string> {
  try {
    await query();
    return 'no, they don’t';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** When all kinds of statements work again, in milliseconds since the epoch. */
async function untilAllWorks(cluster: Stack['cluster']): Promise<number> {
  for (;;) {
    try {
      await cluster.query('SELECT count(*) FROM orders JOIN tenants USING (tenant_id)');
      await cluster.query('UPDATE plans SET name = name');
      return Date.now();
    } catch {
      await sleep(100);
    }
  }
}
