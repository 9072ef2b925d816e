import { Argument, type Command } from 'commander';
import { runs, type App, type Session } from '../app.js';
import { completionScripts, shells, type Shell } from '../completion/scripts.js';
import { example } from '../example.js';
import { exit, type ExitCode } from '../exit-codes.js';

/** Defines `completion`: its arguments, options, examples and action. */
export function define(command: Command, session: Session): void {
  command
    .description('Print the script that teaches your shell to complete commands, options and names.')
    .addArgument(new Argument('<shell>', 'your shell').choices(shells))
    .addHelpText(
      'after',
      example(
        'citus-scaler completion bash >> ~/.bashrc',
        'citus-scaler completion zsh > "${fpath[1]}/_citus-scaler"',
        'citus-scaler completion fish > ~/.config/fish/completions/citus-scaler.fish',
      ),
    )
    .action(runs(session, (app: App, shell: Shell) => Promise.resolve(completion(app, shell))));
}

function completion({ io }: App, shell: Shell): ExitCode {
  const script = completionScripts[shell];
  if (io.json) io.document({ shell, script });
  else io.answer(script.trimEnd());
  return exit.ok;
}
