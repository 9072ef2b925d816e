import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import type { Patience, ScalerClient } from '../client/index.js';
import { createPatience } from '../client/temporal/patience.js';
import { exit, type ExitCode } from './exit-codes.js';
import { sayOnce } from './follow/waiting.js';
import { createIo, type DocumentStyle, type GlobalOptions, type Io } from './io.js';
import { UsageError } from './problem.js';
import type { WaitOption } from './options/wait-option.js';

/** The surroundings of a command: where to write, and the way to Temporal. */
export interface App {
  globals: GlobalOptions;
  io: Io;
  /** Waits for a worker or a Temporal that is away, as long as `--wait` says. */
  patience: Patience;
  /** Connects, runs, and closes. The client is loaded here only, so that `--help` is fast. */
  withClient: <T>(work: (client: ScalerClient) => Promise<T>, options?: ClientOptions) => Promise<T>;
}

interface ClientOptions {
  /** A Temporal that is away from the beginning is waited for, too: it has the operation in question. Else only with `--wait`. */
  patient?: boolean;
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
    // Commander calls an action with the command itself behind its arguments and options.
    const command = args.at(-1) as Command | undefined;
    const app = createApp(session.globals(), command?.opts<WaitOption>() ?? {});
    session.exitCode = (await work(app, ...args)) ?? exit.ok;
  };
}

function createApp(globals: GlobalOptions, { wait }: WaitOption): App {
  const { profile, address, namespace } = globals;
  const io = createIo(globals);
  const patience = createPatience({
    away: sayOnce(io.tell),
    ...(wait !== undefined && { ms: wait * 1_000 }),
  });
  return {
    globals,
    io,
    patience,
    withClient: async (work, { patient = wait !== undefined } = {}) => {
      judgeConfig(globals, io);
      const { ScalerClient } = await import('../client/index.js');
      const connect = (): Promise<ScalerClient> =>
        ScalerClient.connect({
          ...(profile !== undefined && { profile }),
          ...(address !== undefined && { address }),
          ...(namespace !== undefined && { namespace }),
        });
      const client = await (patient ? patience.ask(connect, 'temporal') : connect());
      try {
        return await work(client);
      } finally {
        await client.close();
      }
    },
  };
}

/**
 * What talks to Temporal doesn't read the config, the worker does. Who names one expects something of it; a name that is
 * no file is a mistake.
 */
function judgeConfig({ config }: GlobalOptions, { tell }: Io): void {
  if (config === undefined) return;
  if (!existsSync(config))
    throw new UsageError(`--config: there is no file ${config}.`, [
      'Leave it out: only worker and init read the config.',
    ]);
  tell(`--config does nothing here: only worker and init read the config. The worker's own is what counts.`);
}
