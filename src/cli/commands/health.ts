import type { Command } from 'commander';
import { runs, type App, type Session } from '../app.js';
import { example } from '../example.js';
import { exit, type ExitCode } from '../exit-codes.js';
import { renderHealth } from '../render/health.js';

/** Defines `health`: its arguments, options, examples and action. */
export function define(command: Command, session: Session): void {
  command
    .argument('<cluster>', 'name of the cluster in the config')
    .addHelpText('after', example('citus-scaler health shop'))
    .action(runs(session, (app: App, cluster: string) => health(app, cluster)));
}

function health({ io, withClient }: App, cluster: string): Promise<ExitCode> {
  return withClient(async (client) => {
    const answer = await client.inspect({ what: 'health', cluster });
    if (io.json) io.document(answer);
    else io.answer(renderHealth(answer, io.paint, io.columns));
    return exit.ok;
  });
}
