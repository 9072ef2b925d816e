import { createRequire } from 'node:module';
import { Command } from 'commander';
import type { Session } from './app.js';
import { commandGroups } from './commands/index.js';
import { example } from './example.js';
import type { GlobalOptions } from './io.js';

/** The command line as a whole. Commands are loaded when they are asked for, so that `--help` is fast. */
export function createProgram(session: Omit<Session, 'globals'>): Command {
  const program = new Command('citus-scaler')
    .description('Add, drain, remove and replace workers of Citus clusters and keep data balanced.')
    .usage('<command> [options]')
    .option('--config <file>', 'config of the worker (else $CITUS_SCALER_CONFIG, else ./citus-scaler.yaml)')
    .option('--json', 'one JSON document on standard output')
    .option('-q, --quiet', 'no progress')
    .option('--no-color', 'no colours')
    .option('--profile <name>', 'profile of the Temporal configuration (temporal.toml)')
    .option('--address <host:port>', 'address of Temporal (else TEMPORAL_ADDRESS)')
    .option('--namespace <name>', 'namespace in Temporal (else TEMPORAL_NAMESPACE)')
    .version(version(), '-V, --version')
    .helpCommand(false)
    .exitOverride()
    .showSuggestionAfterError(true)
    .configureHelp({ showGlobalOptions: true, helpWidth: 80 })
    .configureOutput({ outputError: () => undefined })
    .addHelpText('after', example('citus-scaler scale-out shop --add 2'));

  const full: Session = Object.assign(session, { globals: () => program.opts<GlobalOptions>() });
  for (const { heading, commands } of commandGroups) {
    program.commandsGroup(heading);
    for (const { name, summary, load } of commands) {
      const command = program
        .command(name)
        .description(`${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`);
      command.summary(summary);
      loaders.set(command, async () => (await load()).define(command, full));
    }
  }
  program.hook('preSubcommand', (_, command) => loadCommand(command));
  return program;
}

const loaders = new WeakMap<Command, () => Promise<void>>();

/** Defines a command's arguments, options and action, unless that was done. */
export async function loadCommand(command: Command): Promise<void> {
  const load = loaders.get(command);
  loaders.delete(command);
  await load?.();
}

/** From the source tree as well as from the built package. */
function version(): string {
  const require = createRequire(import.meta.url);
  for (const file of ['../../package.json', '../../../package.json']) {
    try {
      const manifest = require(file) as { name?: string; version?: string };
      if (manifest.name === 'citus-scaler' && manifest.version !== undefined) return manifest.version;
    } catch {
      // the other place
    }
  }
  return '0.0.0';
}
