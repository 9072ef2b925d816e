import type { Command } from 'commander';
import { runs, type App, type Session } from '../app.js';
import { example } from '../example.js';
import { exit, type ExitCode } from '../exit-codes.js';
import { optional } from '../operation-options.js';
import { wholeNumber } from '../parse.js';
import { renderList } from '../render/list.js';

interface Options {
  cluster?: string;
  all?: boolean;
  limit: number;
}

export function define(command: Command, session: Session): void {
  command
    .option('--cluster <cluster>', 'of this cluster only')
    .option('--all', 'closed ones too')
    .option('--limit <n>', 'at most so many, the newest first', wholeNumber, 50)
    .addHelpText('after', example('citus-scaler list --cluster shop --all'))
    .action(runs(session, (app: App, options: Options) => list(app, options)));
}

function list({ io, withClient }: App, { cluster, all, limit }: Options): Promise<ExitCode> {
  return withClient(async (client) => {
    const rows = await client.list({
      ...optional('cluster', cluster),
      ...optional('all', all),
      limit: Math.max(1, limit),
    });
    if (io.json) io.document(rows);
    else io.answer(renderList(rows, all === true, io.paint, io.columns, Date.now()));
    return exit.ok;
  });
}
