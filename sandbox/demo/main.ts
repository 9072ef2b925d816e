// npm run demo: grows a cluster from two workers to four under a write load, kills the worker process half way, and
// shows that nothing was lost. Exit 0 only if all of that holds.
import { ScalerClient, type OperationHandle } from '../../src/client/index.js';
import { createView } from '../../src/cli/follow/view.js';
import { createIo } from '../../src/cli/io.js';
import { isOver } from '../../src/contract/index.js';
import { argumentsOf, commonUsage, flavourOf } from './arguments.js';
import { followDemo } from './follow.js';
import { announce, describeStack, say, verdict } from './tell.js';
import { loadData, checksum } from '../data.js';
import { startLoad } from '../load.js';
import { startStack, type Stack } from '../stack.js';

const usage = `npm run demo [-- --keep]    grows a cluster under load, and kills the worker half way

  --keep                     leaves all of it running at the end, and prints what to try
${commonUsage}`;

const { values } = argumentsOf(usage, { keep: { type: 'boolean' } });
const { flavour, why } = flavourOf(usage, values.flavour);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, interrupted);
announce('citus-scaler demo', why);

let stack: Stack | undefined;
let good = false;
try {
  stack = await startStack({
    flavour,
    workers: 2,
    moveSeconds: flavour === 'stand-in' ? 0.7 : 0,
    wishes: { parallelMoves: 3 },
    detached: values.keep,
  });
  good = await show(stack);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
} finally {
  if (values.keep && stack) describeStack(stack);
  else await stack?.stop();
}
process.exit(good ? 0 : 1);

/** What runs ends with this process, unless it is to be kept. */
function interrupted(): void {
  if (values.keep && stack) describeStack(stack);
  else say('Interrupted: the cluster, Temporal and the worker are ended and removed');
  process.exit(130);
}

async function show(running: Stack): Promise<boolean> {
  const { cluster, temporal } = running;
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
    return verdict({ before, now, loaded, report, killed });
  } finally {
    await load.stop();
    await client.close();
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
