// npm run demo: grows a cluster from two workers to four under a write load, kills the worker process half way, and
// shows that nothing was lost. Exit 0 only if all of that holds.
import { spawn } from 'node:child_process';
import { ScalerClient } from '../src/client.js';
import { demoOptions } from './demo/options.js';
import { after, announce, describeStack, say, verdict } from './demo/tell.js';
import { loadData, checksum } from './data.js';
import { findFlavour } from './flavour.js';
import { startLoad } from './load.js';
import { startStack, type Stack } from './stack.js';
import { cli } from './worker.js';

const options = demoOptions(process.argv.slice(2));
const { flavour, why } = findFlavour(options.flavour);
announce(why);

const stack = await startStack({
  flavour,
  workers: 2,
  moveSeconds: flavour === 'stand-in' ? 0.7 : 0,
  wishes: { parallelMoves: 3 },
  detached: options.keep,
});
let good = false;
try {
  good = await show(stack);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
} finally {
  if (options.keep) describeStack(stack);
  else await stack.stop();
}
process.exit(good ? 0 : 1);

async function show({ cluster, temporal }: Stack): Promise<boolean> {
  say('Loading a shop of 400 tenants: 5 tables, 32 shards each, one reference table');
  await loadData(cluster, { tenants: 400, ordersPerTenant: 50, events: 20_000, filling: 200 });
  const before = await checksum(cluster);
  const load = startLoad(cluster.coordinator, { tenants: 400 });
  const client = await ScalerClient.connect({ address: temporal.address });
  try {
    say('Scaling out from 2 to 4 workers, with 100 write transactions a second going on');
    const operation = await client.scaleOut({
      cluster: 'demo',
      to: 4,
      approval: 'auto',
      requestedBy: 'npm run demo',
    });
    const watching = watch(operation.id, temporal.address);
    const killed = await killHalfWay(operation.id, client);
    const report = await operation.result();
    await watching;
    const loaded = await load.stop();
    const now = await checksum(cluster);
    after(report);
    return verdict({ before, now, loaded, report, killed });
  } finally {
    await load.stop();
    await client.close();
  }
}

/** The CLI's own live progress. */
function watch(id: string, address: string): Promise<void> {
  const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), cli, 'watch', id], {
    stdio: 'inherit',
    env: { ...process.env, TEMPORAL_ADDRESS: address },
  });
  return new Promise((resolve) => child.once('exit', () => resolve()));
}

/** Kills the worker process with SIGKILL when some of the data has moved and some has not, and starts another. */
async function killHalfWay(id: string, client: ScalerClient): Promise<boolean> {
  for (;;) {
    const { state, progress } = await client.operation(id).status();
    if (['done', 'failed', 'cancelled'].includes(state)) return false;
    if (
      progress &&
      progress.done >= progress.total * 0.25 &&
      progress.done < progress.total &&
      progress.movingTotal > 0
    )
      break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await stack.worker.kill();
  await stack.startWorker();
  return true;
}
