import type { Command } from 'commander';
import type { Session } from './app.js';

/** A command's file: its options, arguments, example and action. Loaded only when the command is asked for. */
export interface CommandModule {
  define: (command: Command, session: Session) => void;
}
