import type { Command } from 'commander';
import { worstFirst } from '../../contract/index.js';
import { runs, type App, type Session } from '../app.js';
import { commandNames, typeNamed } from '../command-names.js';
import { example } from '../example.js';
import { exit, type ExitCode } from '../exit-codes.js';
import { optional } from '../options/operation-options.js';
import { optionOf } from '../options/parse.js';
import { UsageError } from '../problem.js';
import { checkLines } from '../render/checks.js';
import { count } from '../render/text/figures.js';

interface Options {
  for: string;
  node?: string[];
}

/** Defines `preflight`: its arguments, options, examples and action. */
export function define(command: Command, session: Session): void {
  command
    .argument('<cluster>', 'name of the cluster in the config')
    .addOption(
      optionOf('--for <type>', 'the operation planned', Object.values(commandNames)).default(
        commandNames.scaleOut,
      ),
    )
    .option('--node <host:port...>', 'servers that it will be about')
    .addHelpText('after', example('citus-scaler preflight shop --for scale-out'))
    .action(runs(session, (app: App, cluster: string, options: Options) => preflight(app, cluster, options)));
}

function preflight({ io, withClient }: App, cluster: string, options: Options): Promise<ExitCode> {
  const type = typeNamed(options.for);
  if (type === undefined)
    throw new UsageError(`--for: must be one of ${Object.values(commandNames).join(', ')}.`);
  return withClient(async (client) => {
    const answer = await client.inspect({
      what: 'preflight',
      cluster,
      for: type,
      ...optional('nodes', options.node),
    });
    if (io.json) io.document({ ...answer, checks: worstFirst(answer.checks) });
    else {
      const verdict =
        answer.blockers === 0
          ? io.paint.green('nothing stands in the way')
          : io.paint.red(count(answer.blockers, 'blocker'));
      io.answer(
        `${io.paint.bold(cluster)}  ${verdict}\n\n${checkLines(answer.checks, io.paint, io.columns, { cluster })}`,
      );
    }
    return answer.blockers === 0 ? exit.ok : exit.refused;
  });
}
