import type { Command } from 'commander';
import { runs, type App, type Session } from '../app.js';
import { configFileOf } from '../config-file.js';
import { exit, type ExitCode } from '../exit-codes.js';
import { example } from '../example.js';

interface Options {
  listen?: string;
}

export function define(command: Command, session: Session): void {
  command
    .option('--listen <host:port>', 'serve /healthz, /readyz and /metrics there')
    .addHelpText('after', example('citus-scaler worker --config ./citus-scaler.yaml --listen 0.0.0.0:9464'))
    .action(runs(session, (app: App, options: Options) => worker(app, options)));
}

async function worker({ globals }: App, { listen }: Options): Promise<ExitCode> {
  const { runWorker } = await import('../../worker.js');
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
