// npm run sandbox: leaves a cluster, Temporal with its UI and a worker up, and prints what to try.
import { loadData } from './data.js';
import { argumentsOf, commonUsage, flavourOf, refuse } from './demo/arguments.js';
import { announce, describeStack } from './demo/tell.js';
import { endSandbox } from './os/sweep.js';
import { recordedStack } from './stack-record.js';
import { configOf, startStack } from './stack.js';
import { startWorker } from './worker.js';

const usage = `npm run sandbox                       starts a cluster, Temporal and a worker, and prints what to try
npm run sandbox -- --worker FOLDER    starts another worker for it, when the last one is gone
npm run sandbox -- --stop FOLDER …    ends all of it, its workers too, and removes it

${commonUsage}`;

const { values, positionals } = argumentsOf(
  usage,
  { stop: { type: 'boolean' }, worker: { type: 'string' } },
  true,
);
if (values.stop) down(positionals);
else if (positionals.length > 0) refuse(usage, `what is ${positionals.join(' ')}?`);
else if (values.worker !== undefined) await another(values.worker);
else await up();

async function up(): Promise<void> {
  const { flavour, why } = flavourOf(usage, values.flavour);
  announce('citus-scaler sandbox', why, 2);
  const stack = await startStack({ flavour, workers: 2, detached: true });
  await loadData(stack.cluster);
  describeStack(stack);
  process.exit(0);
}

async function another(folder: string): Promise<void> {
  const stack = recordedStack(folder);
  if (!stack) refuse(usage, `${folder} is no folder of a sandbox's cluster`);
  const worker = await startWorker(configOf(folder), stack.temporalAddress, { detached: true });
  console.log(`Worker        process ${worker.pid}, log ${worker.logFile}`);
  process.exit(0);
}

/** What is no sandbox is named and left alone; the rest is ended all the same. */
function down(folders: string[]): void {
  if (folders.length === 0) refuse(usage, '--stop needs the folder that was printed');
  for (const folder of folders) {
    try {
      const stack = recordedStack(folder);
      endSandbox(folder);
      if (stack) endSandbox(stack.temporalFolder);
    } catch (error) {
      console.error(error instanceof Error ? error.message : String(error));
      process.exitCode = 1;
    }
  }
}
