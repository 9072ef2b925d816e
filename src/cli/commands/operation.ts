import type { Command } from 'commander';
import type { OperationHandle, ScalerClient, StartOptions } from '../../client/index.js';
import { operationId } from '../../client/start/ids.js';
import type { CommonInput } from '../../contract/index.js';
import { runs, type App, type Session } from '../app.js';
import { typeNamed } from '../command-names.js';
import { example } from '../example.js';
import type { ExitCode } from '../exit-codes.js';
import { toList } from '../options/spelling.js';
import { operate } from '../operate.js';
import { addOperationOptions, commonInput, type OperationOptions } from '../options/operation-options.js';

/** What a command that starts an operation has of its own. */
interface OperationCommand<Options> {
  /** What the workers are that are named behind the cluster, where the command takes any. */
  nodes?: string;
  /** The same, where it takes exactly one. */
  node?: string;
  addOptions?: (command: Command) => Command;
  examples: string[];
  /** Asks for what the command line says, as the workflow takes it; the client checks it. */
  start: (
    client: ScalerClient,
    common: CommonInput,
    own: { options: Options; nodes: string[] },
    start: StartOptions,
  ) => Promise<OperationHandle>;
}

/** Defines a command that starts an operation. */
export function defineOperation<Options = object>(
  command: Command,
  session: Session,
  { nodes, node, addOptions = (same) => same, examples, start }: OperationCommand<Options & OperationOptions>,
): void {
  command.argument('<cluster>', 'name of the cluster in the config');
  if (nodes !== undefined) command.argument('<node...>', nodes);
  if (node !== undefined) command.argument('<node>', node);
  addOperationOptions(addOptions(command))
    .addHelpText('after', example(...examples))
    .action(
      runs(session, (app: App, cluster: string): Promise<ExitCode> => {
        const options = command.opts<Options & OperationOptions>();
        const own = { options, nodes: toList(command.processedArgs[1] ?? []) };
        const newId = operationId(cluster, typeNamed(command.name()) ?? command.name());
        return operate(app, newId, options, (client, how) =>
          start(client, commonInput(cluster, options), own, how),
        );
      }),
    );
}
