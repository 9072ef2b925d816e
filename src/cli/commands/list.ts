import type { Command } from 'commander';
import type { ScalerClient } from '../../client/index.js';
import { ScalerError } from '../../client/errors.js';
import { runs, type App, type Session } from '../app.js';
import { example } from '../example.js';
import { exit, type ExitCode } from '../exit-codes.js';
import { optional } from '../options/operation-options.js';
import { wholeNumberFrom1 } from '../options/parse.js';
import { renderList } from '../render/list.js';

interface Options {
  cluster?: string;
  all?: boolean;
  limit: number;
}

/** Defines `list`: its arguments, options, examples and action. */
export function define(command: Command, session: Session): void {
  command
    .option('--cluster <cluster>', 'of this cluster only')
    .option('--all', 'closed ones too')
    .option('--limit <n>', 'at most so many, the newest first', wholeNumberFrom1, 50)
    .addHelpText('after', example('citus-scaler list --cluster shop --all'))
    .action(runs(session, (app: App, options: Options) => list(app, options)));
}

function list({ io, withClient }: App, { cluster, all, limit }: Options): Promise<ExitCode> {
  return withClient(async (client) => {
    const rows = await client.list({
      ...optional('cluster', cluster),
      ...optional('all', all),
      limit,
    });
    if (rows.length === 0 && cluster !== undefined) await refuseUnknown(client, cluster);
    if (io.json) io.document(rows);
    else io.answer(renderList(rows, all === true, io.paint, io.columns, Date.now()));
    return exit.ok;
  });
}

/** Nothing found may be a misspelt name. Only the worker knows the config; without one, nothing found stands. */
async function refuseUnknown(client: ScalerClient, cluster: string): Promise<void> {
  const answer = await client.inspect({ what: 'clusters' }).catch(() => undefined);
  const names = answer?.clusters.map(({ name }) => name);
  if (names === undefined || names.includes(cluster)) return;
  throw new ScalerError(
    'UnknownCluster',
    `There is no operation on ${cluster}, and the config names no such cluster.`,
    { cluster, remedies: [`It names: ${names.join(', ')}.`] },
  );
}
