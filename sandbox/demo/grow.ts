import type { OperationHandle, ScalerClient } from '../../src/client/index.js';
import { createView } from '../../src/cli/follow/view.js';
import { createIo } from '../../src/cli/io.js';
import { isOver } from '../../src/contract/index.js';
import { checksum, loadData, tables } from '../data.js';
import { startLoad } from '../load.js';
import type { Stack } from '../stack.js';
import { followDemo } from './follow.js';
import { say, verdict } from './tell.js';

/** Grows a cluster from two workers to four under a write load, and kills the worker process half way. Answers whether all promises held. */
export async function grow(running: Stack, client: ScalerClient): Promise<boolean> {
  const { cluster } = running;
  say('Loading a shop of 400 tenants: 5 tables, 32 shards each, one reference table');
  await loadData(cluster, { tenants: 400, ordersPerTenant: 50, events: 20_000, filling: 200 });
  const before = await checksum(cluster);
  const load = startLoad(cluster.coordinator, { tenants: 400 });
  try {
    say('Scaling out from 2 to 4 workers, with 100 write transactions a second going on');
    const operation = await client.scaleOut({
      cluster: 'demo',
      to: 4,
      approval: 'auto',
      requestedBy: 'npm run demo',
    });
    const io = createIo({});
    const view = createView(io);
    const watch = followDemo(operation, io, view);
    const killed = await killHalfWay(operation, running, (line) => {
      view.pause();
      say(line);
    });
    const report = await operation.result();
    await watch;
    const loaded = await load.stop();
    const now = await checksum(cluster);
    // The load adds orders and changes tenants; the other tables must be what they were, to the last byte.
    const untouched = tables.filter((table) => table !== 'orders' && table !== 'tenants');
    const workers = report.after?.workers ?? [];
    return verdict([
      ['the operation is done', report.state === 'done'],
      ['the worker process was killed in the middle of the movement, and another went on', killed],
      [
        `four workers hold shards: ${workers.map(({ shards }) => shards).join(', ')}`,
        workers.length === 4 && workers.every(({ shards }) => shards > 0),
      ],
      [
        `rows and checksums of ${untouched.join(', ')} are the same`,
        untouched.every(
          (table) => before[table].sum === now[table].sum && before[table].rows === now[table].rows,
        ),
      ],
      [
        `every order is there: ${before.orders.rows} + ${loaded.inserted} written meanwhile = ${now.orders.rows}, ${now.tenants.rows} tenants`,
        now.orders.rows === before.orders.rows + loaded.inserted && now.tenants.rows === before.tenants.rows,
      ],
      [
        `no transaction of ${loaded.transactions} failed${loaded.failed > 0 ? `: ${JSON.stringify(loaded.messages)}` : ''}; p99 ${loaded.p99} ms, slowest ${loaded.slowest} ms`,
        loaded.failed === 0,
      ],
    ]);
  } finally {
    await load.stop();
  }
}

/** Kills the worker process with SIGKILL when some of the data has moved and some has not, and starts another. */
async function killHalfWay(
  operation: OperationHandle,
  { worker, startWorker }: Stack,
  tell: (line: string) => void,
): Promise<boolean> {
  for (;;) {
    const { state, progress } = await operation.status();
    if (isOver(state)) return false;
    if (
      progress &&
      progress.done >= progress.total * 0.25 &&
      progress.done < progress.total &&
      progress.movingTotal > 0
    )
      break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  tell(`Killing the worker process (SIGKILL of ${worker.pid}) in the middle of the movement`);
  await worker.kill();
  await startWorker();
  tell('Another worker process runs; it goes on where the first one was');
  return true;
}
