import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import type { Colors } from 'picocolors/types.js';
import { fieldProblem, tlsModes } from '../../config/index.js';
import { runs, type App, type Session } from '../app.js';
import { configFileOf } from '../config-file.js';
import type { NewCluster } from '../init/config-text.js';
import { example } from '../example.js';
import { exit, type ExitCode } from '../exit-codes.js';
import { askNewCluster, newClusterOf } from '../init/questions.js';
import { lookAround, refuseUnsupported, refuseWorker } from '../init/look-around.js';
import { printGrants, type GrantOptions } from '../init/print-grants.js';
import { refuseOptions } from '../init/refuse-options.js';
import { withDraft, askCoordinator } from '../init/try-config.js';
import { UsageError } from '../problem.js';
import { optionOf, wholeNumber } from '../options/parse.js';
import { table } from '../render/text/table.js';

interface Options extends GrantOptions {
  test: boolean;
  force?: boolean;
  printGrants?: boolean;
}

/** Defines `init`: its arguments, options, examples and action. */
export function define(command: Command, session: Session): void {
  command
    .description('Write a commented config for a cluster and test the connection. Asks for what is left out.')
    .option('--name <name>', 'what to call the cluster')
    .option('--host <host>', 'host of its coordinator')
    .option('--port <n>', 'port of its coordinator', wholeNumber)
    .option('--database <name>', 'database with the distributed tables')
    .option('--user <role>', 'role that operations act as')
    .option('--password-file <file>', 'file that holds its password')
    .option('--password-env <variable>', 'environment variable of the worker that holds its password')
    .addOption(optionOf('--tls <mode>', 'TLS, as in libpq', tlsModes))
    .option('--tls-ca <file>', 'PEM file of the authority that the certificate must lead to')
    .option('--allowed-node <pattern...>', 'servers that may join later, such as 10.1.0.*:5432')
    .option('--no-test', 'write the file without connecting')
    .option('--force', 'overwrite the file')
    .optionsGroup('Grants:')
    .option('--print-grants', 'print the SQL that makes the roles, and do nothing else')
    .option('--grants-for <where>', 'only what is for the coordinator, or for each node')
    .option('--operator <role>', 'role that operations act as', 'citus_scaler')
    .option('--observer <role>', 'role that reads', 'citus_viewer')
    .option('--owner <role...>', 'roles that own distributed tables')
    .option('--read-owners', 'ask the cluster for them, with --host, --user and so on')
    .addHelpText('after', example('citus-scaler init --name shop --host db0 --database shop --user scaler'))
    .action(runs(session, (app: App, options: Options) => init(app, options)));
}

async function init(app: App, options: Options): Promise<ExitCode> {
  if (options.printGrants) return printGrants(app, options);
  const { globals, io } = app;
  const file = configFileOf(globals);
  if (existsSync(file) && !options.force) {
    throw new UsageError(`${file} exists already.`, ['--force overwrites it; --config FILE writes another.']);
  }
  refuseOptions(options);
  const cluster = io.interactive ? await askNewCluster(options, fieldProblem) : newClusterOf(options);
  if (!cluster) return exit.ok;
  const nodes = await writeTested(file, cluster, options.test);
  if (io.json) io.document({ file, cluster: cluster.name, ...(nodes && { nodes }) });
  else {
    io.answer(`Wrote ${file}.${nodes ? `\n${describeNodes(cluster.name, nodes, io.paint)}` : ''}`);
    io.tell(`\nNext: citus-scaler worker --config ${file}`);
  }
  return exit.ok;
}

/** The file appears when it is checked and the connection works; relative paths in it start at its folder. */
async function writeTested(
  file: string,
  cluster: NewCluster,
  test: boolean,
): Promise<FoundNode[] | undefined> {
  return withDraft(file, cluster, async ({ cluster: config, keep }) => {
    const otherwise = `${file} was not written; --no-test writes it without connecting.`;
    const around = test ? await askCoordinator(config, otherwise, lookAround) : undefined;
    if (around) {
      refuseUnsupported(around, otherwise);
      refuseWorker(around, otherwise);
    }
    await keep();
    return around?.nodes.map(({ node, role, active }) => ({ node, role, active }));
  });
}

interface FoundNode {
  node: string;
  role: string;
  active: boolean;
}

/** The nodes that the cluster registers, so that one sees that it is the right one. */
function describeNodes(name: string, nodes: FoundNode[], paint: Colors): string {
  if (nodes.length === 0) return `Connected to ${name}; it registers no node yet.`;
  const rows = nodes.map(({ node, role, active }) => [node, role, active ? '' : paint.yellow('inactive')]);
  return `Connected to ${name}; it registers:\n${table([{ head: '' }, { head: '' }, { head: '' }], rows, 2)}`;
}
