// npm run sandbox: leaves a cluster, Temporal with its UI and a worker up, and prints what to try.
// npm run sandbox -- --stop FOLDER… PID: ends them again.
import { parseArgs } from 'node:util';
import { loadData } from './data.js';
import { demoOptions } from './demo/options.js';
import { announce, describeStack } from './demo/tell.js';
import { findFlavour } from './flavour.js';
import { endSandbox } from './os/sweep.js';
import { commandLineOf, signal } from './os/processes.js';
import { startStack } from './stack.js';

const { values, positionals } = parseArgs({ allowPositionals: true, strict: false });
if (values['stop'] === undefined) await up();
else down(values['stop'] === true ? positionals : [String(values['stop']), ...positionals]);

async function up(): Promise<void> {
  const options = demoOptions(process.argv.slice(2));
  const { flavour, why } = findFlavour(options.flavour);
  announce(why);
  const stack = await startStack({ flavour, workers: 2, detached: true });
  await loadData(stack.cluster);
  describeStack(stack);
  process.exit(0);
}

/** What is no sandbox, or no worker of one, is named and left alone; the rest is ended all the same. */
function down(what: string[]): void {
  const refused = what.length === 0 ? ['name the folders and the worker that `npm run sandbox` told'] : [];
  for (const each of what) {
    try {
      if (/^\d+$/.test(each)) endWorker(Number(each));
      else endSandbox(each);
    } catch (error) {
      refused.push(error instanceof Error ? error.message : String(error));
    }
  }
  for (const why of refused) console.error(why);
  process.exitCode = refused.length > 0 ? 1 : 0;
}

/** Only a worker of ours: process ids are used again. */
function endWorker(pid: number): void {
  if (!commandLineOf(pid).includes('citus-scaler.yaml'))
    throw new Error(`process ${pid} is not the worker of a sandbox, or has ended`);
  signal(pid, 'SIGTERM');
}
