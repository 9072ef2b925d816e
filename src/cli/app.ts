import { existsSync } from 'node:fs';
import type { ScalerClient } from '../client/index.js';
import { exit, type ExitCode } from './exit-codes.js';
import { createIo, type DocumentStyle, type GlobalOptions, type Io } from './io.js';
import { UsageError } from './problem.js';

/** The surroundings of a command: where to write, and the way to Temporal. */
export interface App {
  globals: GlobalOptions;
  io: Io;
  /** Connects, runs, and closes. The client is loaded here only, so that `--help` is fast. */
  withClient: <T>(work: (client: ScalerClient) => Promise<T>) => Promise<T>;
}

/** The run of the program that a command belongs to. */
export interface Session {
  exitCode: ExitCode;
  /** A command that prints a document a line prints the one of an error so too. */
  documents?: DocumentStyle;
  globals: () => GlobalOptions;
}

/** Makes an action of a function that returns an exit code. */
export function runs<Args extends unknown[]>(
  session: Session,
  work: (app: App, ...args: Args) => Promise<ExitCode | undefined>,
): (...args: Args) => Promise<void> {
  return async (...args) => {
    session.exitCode = (await work(createApp(session.globals()), ...args)) ?? exit.ok;
  };
}

function createApp(globals: GlobalOptions): App {
  const { profile, address, namespace } = globals;
  return {
    globals,
    io: createIo(globals),
    withClient: async (work) => {
      refuseMissingConfig(globals);
      const { ScalerClient } = await import('../client/index.js');
      const client = await ScalerClient.connect({
        ...(profile !== undefined && { profile }),
        ...(address !== undefined && { address }),
        ...(namespace !== undefined && { namespace }),
      });
      try {
        return await work(client);
      } finally {
        await client.close();
      }
    },
  };
}

/** What talks to Temporal doesn't read the config, the worker does; a name that is no file is a mistake all the same. */
function refuseMissingConfig({ config }: GlobalOptions): void {
  if (config === undefined || existsSync(config)) return;
  throw new UsageError(`--config: there is no file ${config}.`, [
    'Leave it out: only worker and init read the config.',
  ]);
}
