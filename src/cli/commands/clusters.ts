import type { Command } from 'commander';
import { runs, type App, type Session } from '../app.js';
import { example } from '../example.js';
import { exit, type ExitCode } from '../exit-codes.js';
import { table } from '../render/text/table.js';

/** Defines `clusters`: its arguments, options, examples and action. */
export function define(command: Command, session: Session): void {
  command
    .addHelpText('after', example('citus-scaler clusters'))
    .action(runs(session, (app: App) => clusters(app)));
}

function clusters({ io, withClient }: App): Promise<ExitCode> {
  return withClient(async (client) => {
    const answer = await client.inspect({ what: 'clusters' });
    if (io.json) {
      io.document(answer);
      return exit.ok;
    }
    const head = ['cluster', 'coordinator', 'database', 'new machines', 'approval'].map((name) => ({
      head: io.paint.dim(name),
    }));
    const rows = answer.clusters.map(({ name, coordinator, database, provisioner, approval }) => [
      io.paint.bold(name),
      coordinator,
      database,
      provisioner === 'none' ? 'started elsewhere' : provisioner,
      approval,
    ]);
    io.answer(table(head, rows));
    if (answer.url !== undefined)
      io.tell(io.paintError.dim(`\nOperations in the Temporal UI: ${answer.url}`));
    return exit.ok;
  });
}
