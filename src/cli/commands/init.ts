import { existsSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { Command } from 'commander';
import type { Colors } from 'picocolors/types.js';
import { readNodes } from '../../citus/nodes.js';
import { withCoordinator } from '../../citus/connect.js';
import { UnreachableError } from '../../client/errors.js';
import { clusterOf, ConfigError, loadConfig, tlsModes, type Config } from '../../config/index.js';
import { runs, type App, type Session } from '../app.js';
import { configFileOf } from '../config-file.js';
import { schemaPathFrom } from '../config-schema.js';
import { configText, type NewCluster } from '../config-text.js';
import { example } from '../example.js';
import { exit, type ExitCode } from '../exit-codes.js';
import { askNewCluster, newClusterOf, type InitOptions } from '../init-questions.js';
import { UsageError } from '../problem.js';
import { optionOf, wholeNumber } from '../parse.js';
import { table } from '../render/table.js';

interface Options extends InitOptions {
  test: boolean;
  force?: boolean;
}

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
    .option('--no-test', 'write the file without connecting')
    .option('--force', 'overwrite the file')
    .addHelpText('after', example('citus-scaler init --name shop --host db0 --database shop --user scaler'))
    .action(runs(session, (app: App, options: Options) => init(app, options)));
}

async function init({ globals, io }: App, options: Options): Promise<ExitCode> {
  const file = configFileOf(globals);
  if (existsSync(file) && !options.force) {
    throw new UsageError(`${file} exists already.`, ['--force overwrites it; --config FILE writes another.']);
  }
  const cluster = io.interactive ? await askNewCluster(options) : newClusterOf(options);
  if (!cluster) return exit.ok;
  const nodes = await writeTested(file, cluster, options.test);
  if (io.json) io.document({ file, cluster: cluster.name, ...(nodes && { nodes }) });
  else {
    io.answer(`Wrote ${file}.${nodes ? `\n${describeFound(cluster.name, nodes, io.paint)}` : ''}`);
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
  const path = resolve(file);
  const draft = join(dirname(path), `.${basename(path)}.${process.pid}.draft`);
  try {
    await writeFile(draft, configText(cluster, schemaPathFrom(dirname(path))), { mode: 0o644 });
  } catch (error) {
    throw new UsageError(
      `${file} can't be written: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  try {
    const nodes = await testConnection(draft, file, cluster.name, test);
    await rename(draft, path);
    return nodes;
  } finally {
    await rm(draft, { force: true });
  }
}

interface FoundNode {
  node: string;
  role: string;
  active: boolean;
}

/**
 * Checks the config as the worker will, connects as it will, and returns the cluster's nodes; without `connect`
 * only the first.
 * @throws ConfigError, UnreachableError
 */
async function testConnection(
  draft: string,
  file: string,
  name: string,
  connect: boolean,
): Promise<FoundNode[] | undefined> {
  const config = load(draft, file);
  if (!connect) return undefined;
  const cluster = clusterOf(config, name);
  try {
    const options = { applicationName: 'citus-scaler:init', statementTimeoutSeconds: 10 };
    const nodes = await withCoordinator(cluster, options, readNodes);
    return nodes.map(({ node, role, active }) => ({ node, role, active }));
  } catch (error) {
    const where = `${cluster.hosts.join(',')}:${cluster.port}`;
    throw new UnreachableError(
      'cluster',
      `${where}, database ${cluster.database}, can't be used; ${file} was not written.`,
      {
        cluster: name,
        evidence: [messageOf(error)],
        remedies: [remedyOf(error), '--no-test writes the file without connecting.'],
      },
      error,
    );
  }
}

function load(draft: string, file: string): Config {
  try {
    return loadConfig(draft);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new ConfigError(error.problems.map((line) => line.replaceAll(draft, file)));
  }
}

function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors[0] instanceof Error) return error.errors[0].message;
  return error instanceof Error ? error.message : String(error);
}

function remedyOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code.startsWith('28')) return 'Check the user and the password.';
  if (code === '3D000') return 'Check the name of the database.';
  if (code === '42P01') return 'Is the citus extension created in this database? (pg_dist_node is missing.)';
  return 'Check the host and the port, and that this machine may connect.';
}

/** The nodes that the cluster registers, so that one sees that it is the right one. */
function describeFound(name: string, nodes: FoundNode[], paint: Colors): string {
  if (nodes.length === 0) return `Connected to ${name}; it registers no node yet.`;
  const rows = nodes.map(({ node, role, active }) => [node, role, active ? '' : paint.yellow('inactive')]);
  return `Connected to ${name}; it registers:\n${table([{ head: '' }, { head: '' }, { head: '' }], rows, 2)}`;
}
