import pc from 'picocolors';
import type { OperationReport } from '../../src/contract/index.js';
import { wrap } from '../../src/cli/render/text/text.js';
import { tables, type Table, type TableChecksum } from '../data.js';
import type { LoadReport } from '../load.js';
import type { Stack } from '../stack.js';

function print(text: string, indent: number): void {
  console.log(wrap(text, process.stdout.columns || 80, indent));
}

/** Prints a line of the story. */
export function say(line: string): void {
  print(`${pc.cyan('▸')} ${line}`, 2);
}

/** Says what runs here: real Citus, or the test double. */
export function announce(title: string, why: string): void {
  console.log(pc.bold(title));
  say(why);
  say('Starting a coordinator, two workers, Temporal and a citus-scaler worker');
}

interface Outcome {
  before: Record<Table, TableChecksum>;
  now: Record<Table, TableChecksum>;
  loaded: LoadReport;
  report: OperationReport;
  killed: boolean;
}

/** Says what was promised and whether it holds. */
export function verdict({ before, now, loaded, report, killed }: Outcome): boolean {
  // The load adds orders and changes tenants; the other tables must be what they were, to the last byte.
  const untouched = tables.filter((table) => table !== 'orders' && table !== 'tenants');
  const workers = report.after?.workers ?? [];
  const promises: [string, boolean][] = [
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
  ];
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
