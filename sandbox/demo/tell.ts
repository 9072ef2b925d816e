import pc from 'picocolors';
import { wrap } from '../../src/cli/render/text/text.js';
import { count } from '../../src/text/figures.js';
import type { Stack } from '../stack.js';

function print(text: string, indent: number): void {
  console.log(wrap(text, process.stdout.columns || 80, indent));
}

/** Prints a line of the story. */
export function say(line: string): void {
  print(`${pc.cyan('▸')} ${line}`, 2);
}

/** Says what runs here: real Citus, or the test double. */
export function announce(title: string, why: string, workers: number): void {
  console.log(pc.bold(title));
  say(why);
  say(`Starting a coordinator, ${count(workers, 'worker')}, Temporal and a citus-scaler worker`);
}

/** Says what was promised and whether it holds. */
export function verdict(promises: [string, boolean][]): boolean {
  console.log('');
  for (const [promise, kept] of promises) print(`${kept ? pc.green('✓') : pc.red('✗')} ${promise}`, 2);
  return promises.every(([, kept]) => kept);
}

/** Tells where everything is, and what to try. */
export function describeStack({ cluster, temporal, configFile, worker }: Stack): void {
  const { folder, coordinator, database, user, passwordFile } = cluster;
  console.log(`
${pc.bold('Left running')} (${cluster.flavour === 'citus' ? 'real Citus' : 'a stand-in for Citus'})
  Temporal UI   ${temporal.uiUrl}
  Coordinator   PGPASSFILE=${passwordFile} psql -h 127.0.0.1 -p ${coordinator.port} -U ${user} ${database}
  Config        ${configFile}
  Worker        process ${worker.pid}, log ${worker.logFile}

${pc.bold('Try')} (in this folder; hints such as \`citus-scaler approve …\` then work as they are printed)
  alias citus-scaler='npx tsx src/cli/main.ts'
  export TEMPORAL_ADDRESS=${temporal.address} CITUS_SCALER_CONFIG=${configFile}
  citus-scaler health demo
  citus-scaler preflight demo
  citus-scaler scale-out demo --add 1
  ${temporal.program} workflow start --type scaleOut --task-queue citus-scaler --input '{"cluster":"demo","add":1}'

${pc.bold('Kill the worker, and start another')}
  kill -9 ${worker.pid}
  npm run sandbox -- --worker ${folder}

${pc.bold('Stop')}
  npm run sandbox -- --stop ${folder}`);
}
