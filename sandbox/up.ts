// npm run sandbox: leaves a cluster, Temporal with its UI and a worker up, and prints what to try.
// npm run sandbox -- --stop FOLDER… PID: ends them again.
import { parseArgs } from 'node:util';
import { loadData } from './data.js';
import { demoOptions } from './demo/options.js';
import { announce, describeStack } from './demo/tell.js';
import { findFlavour } from './flavour.js';
import { endAndRemove } from './os/sweep.js';
import { commandLineOf, signal } from './os/processes.js';
import { startStack } from './stack.js';

const { values, positionals } = parseArgs({ allowPositionals: true, strict: false });
if (values['stop'] === undefined) await up();
else down([String(values['stop']), ...positionals]);

async function up(): Promise<void> {
  const options = demoOptions(process.argv.slice(2));
  const { flavour, why } = findFlavour(options.flavour);
  announce(why);
  const stack = await startStack({ flavour, workers: 2, detached: true });
  await loadData(stack.cluster);
  describeStack(stack);
  process.exit(0);
}

function down(what: string[]): void {
  for (const each of what) {
    if (/^\d+$/.test(each)) {
      // Only a worker of ours: process ids are used again.
      if (commandLineOf(Number(each)).includes('citus-scaler.yaml')) signal(Number(each), 'SIGTERM');
    } else if (each !== 'true') endAndRemove(each);
  }
}
