// npm run demo: tells a story with a real cluster, and shows that nothing was lost. Exit 0 only if all of that holds.
import { ScalerClient } from '../../src/client/index.js';
import { argumentsOf, commonUsage, flavourOf, refuse } from './arguments.js';
import { deadWorker } from './dead-worker.js';
import { grow } from './grow.js';
import { announce, describeStack, say } from './tell.js';
import { startStack, type Stack } from '../stack.js';

const stories = {
  grow: { workers: 2, tell: grow },
  // The stand-in can't point a node at another server.
  'dead-worker': { workers: 3, tell: deadWorker, flavour: 'citus' },
} as const;

const usage = `npm run demo [-- --story NAME] [--keep]

  --story grow               grows a cluster under load, and kills the worker process half
                             way (the default)
  --story dead-worker        kills a worker of the cluster for good under load; one command,
                             and all works again, without a lost row (needs real Citus)
  --keep                     leaves all of it running at the end, and prints what to try
${commonUsage}`;

const { values } = argumentsOf(usage, {
  keep: { type: 'boolean' },
  story: { type: 'string', default: 'grow' },
});
const story = Object.entries(stories).find(([name]) => name === values.story)?.[1];
if (!story) refuse(usage, `--story may be ${Object.keys(stories).join(' or ')}, not ${values.story}`);
const { flavour, why } = flavourOf(usage, values.flavour);
if ('flavour' in story && flavour !== story.flavour)
  refuse(usage, `--story ${values.story} needs real Citus; ${why}`);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, interrupted);
announce('citus-scaler demo', why, story.workers);

let stack: Stack | undefined;
let good = false;
try {
  stack = await startStack({
    flavour,
    workers: story.workers,
    moveSeconds: flavour === 'stand-in' ? 0.7 : 0,
    wishes: { parallelMoves: 3 },
    detached: values.keep,
  });
  const client = await ScalerClient.connect({ address: stack.temporal.address });
  try {
    good = await story.tell(stack, client);
  } finally {
    await client.close();
  }
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
