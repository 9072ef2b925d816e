import type { Command } from 'commander';
import { seconds } from './parse.js';

/** The option of commands that follow an operation, ask it or steer it. */
export interface WaitOption {
  /** Seconds. */
  wait?: number;
}

/** Adds `--wait`. */
export function addWaitOption(command: Command): Command {
  return command.option(
    '--wait <duration>',
    'how long to wait for a worker or a Temporal that is away (default: 2m)',
    seconds,
  );
}
