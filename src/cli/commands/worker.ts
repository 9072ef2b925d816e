import type { Command } from 'commander';
import type * as workerExports from '../../worker.js';
import { runs, type App, type Session } from '../app.js';
import { configFileOf } from '../config-file.js';
import { exit, type ExitCode } from '../exit-codes.js';
import { example } from '../example.js';
import { UsageError } from '../problem.js';

interface Options {
  listen?: string;
}

/** Defines `worker`: its arguments, options, examples and action. */
export function define(command: Command, session: Session): void {
  command
    .option('--listen <host:port>', 'serve /healthz, /readyz and /metrics there')
    .addHelpText('after', example('citus-scaler worker --config ./citus-scaler.yaml --listen 0.0.0.0:9464'))
    .action(runs(session, (app: App, options: Options) => worker(app, options)));
}

async function worker({ globals }: App, { listen }: Options): Promise<ExitCode> {
  const { runWorker } = await workerModule();
  const { profile, address, namespace } = globals;
  await runWorker({
    configFile: configFileOf(globals),
    ...(listen !== undefined && { listen }),
    ...(profile !== undefined && { profile }),
    ...(address !== undefined && { address }),
    ...(namespace !== undefined && { namespace }),
  });
  return exit.ok;
}

/** A service that only starts and follows operations may install the package without the worker's large packages. */
async function workerModule(): Promise<typeof workerExports> {
  try {
    return await import('../../worker.js');
  } catch (error) {
    if (!isMissing(error, '@temporalio/worker')) throw error;
    throw new UsageError('The package @temporalio/worker, which the worker needs, is not installed.', [
      'Install citus-scaler without --omit=optional.',
    ]);
  }
}

function isMissing(error: unknown, name: string): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    error.code === 'ERR_MODULE_NOT_FOUND' &&
    error.message.includes(`'${name}'`)
  );
}
