import { randomUUID } from 'node:crypto';
import { Option, type Command } from 'commander';
import type { OperationHandle } from '../../client/index.js';
import { updateFacts, type UpdateName } from '../../contract/index.js';
import { runs, type App, type Session } from '../app.js';
import { kebabCase } from '../command-names.js';
import { example } from '../example.js';
import { operationArgument, steer } from '../on-operation.js';
import { wholeNumber } from '../options/parse.js';
import { addWaitOption } from '../options/wait-option.js';
import { whoAmI } from '../options/who.js';
import type { CommandModule } from '../command-module.js';

/** The command that sends an update, as its row describes it: numbers are arguments, all else is an option. */
export function updateCommand(name: UpdateName): CommandModule {
  const facts = updateFacts(name);
  const fields = Object.entries(facts.fields);
  const numbers = fields.flatMap(([field, { type }]) => (type === 'number' ? [field] : []));
  return {
    define: (command: Command, session: Session) => {
      command.argument(...operationArgument);
      for (const [field, { type, optional, doc, value = field }] of fields) {
        if (type === 'number') command.argument(`<${value}>`, doc, wholeNumber);
        else {
          const flags = type === 'boolean' ? `--${kebabCase(field)}` : `--${kebabCase(field)} <${value}>`;
          command.addOption(new Option(flags, doc).makeOptionMandatory(optional !== true));
        }
      }
      addWaitOption(command)
        .option('--by <name>', `${facts.by} (default: user@host)`)
        .addHelpText('after', example(`citus-scaler ${facts.command} ${facts.example}`))
        .action(
          runs(session, (app: App, operation: string) => {
            const values = command.processedArgs.slice(1);
            const args = {
              by: whoAmI(),
              ...command.opts<Record<string, unknown>>(),
              ...Object.fromEntries(numbers.map((field, index) => [field, values[index]])),
            };
            // The operation checks it, by the same row. Sent again under the same id it takes effect once.
            const id = randomUUID();
            const send = (handle: OperationHandle): Promise<void> => handle.update(name, args, { id });
            return steer(app, operation, doneText(facts.done, args), send, { ends: facts.ends === true });
          }),
        );
    },
  };
}

/** `Parallel moves set to {n}` → `Parallel moves set to 8` */
function doneText(text: string, args: Record<string, unknown>): string {
  return text.replace(/\{(\w+)\}/g, (_, field: string) => String(args[field]));
}
