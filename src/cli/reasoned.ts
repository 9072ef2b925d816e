import type { Command } from 'commander';
import type { OperationHandle } from '../client/index.js';
import { runs, type App, type Session } from './app.js';
import { example } from './example.js';
import { operationArgument, steer } from './on-operation.js';
import { whoAmI } from './who.js';

interface Reasoned {
  /** Who the name is of. */
  by: string;
  example: string;
  /** What the answer begins with. */
  done: string;
  /** Whether it ends the operation. */
  ends?: boolean;
  send: (handle: OperationHandle, args: { by: string; reason: string }) => Promise<void>;
}

/** A word to an operation that has to be accounted for: who, and why. */
export function defineReasoned(command: Command, session: Session, words: Reasoned): void {
  command
    .argument(...operationArgument)
    .requiredOption('--reason <text>', 'why')
    .option('--by <name>', `${words.by} (default: user@host)`)
    .addHelpText('after', example(words.example))
    .action(
      runs(
        session,
        (app: App, operation: string, { reason, by = whoAmI() }: { reason: string; by?: string }) =>
          steer(app, operation, words.done, (handle) => words.send(handle, { by, reason }), words),
      ),
    );
}
