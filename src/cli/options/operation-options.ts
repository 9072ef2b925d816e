import type { Command } from 'commander';
import { transferModes, type CommonInput } from '../../contract/index.js';
import { optionOf, shortTime, wholeNumber } from './parse.js';
import { addWaitOption } from './wait-option.js';
import { whoAmI } from './who.js';

/** The options that every operation command takes. */
export interface OperationOptions {
  transferMode?: string;
  maxWriteStall?: number;
  parallelMoves?: number;
  dryRun?: boolean;
  yes?: boolean;
  ignoreWindow?: boolean;
  reason?: string;
  waitIfBusy?: boolean;
  acceptCheck?: string[];
  id?: string;
  detach?: boolean;
  requestedBy?: string;
}

/** Adds the options that every operation takes. */
export function addOperationOptions(command: Command): Command {
  return addWaitOption(command.optionsGroup('Options of every operation:'))
    .option('--dry-run', 'show the checks and the plan, change nothing')
    .option('-y, --yes', 'no approval needed; refused where the config requires one')
    .option('--detach', 'start it and return')
    .option('--id <id>', 'id of the operation: starting it twice starts it once')
    .addOption(optionOf('--transfer-mode <mode>', 'how Citus copies', transferModes))
    .option('--max-write-stall <time>', 'block writes for less than this to move faster; 0: never', shortTime)
    .option('--parallel-moves <n>', 'moves at once', wholeNumber)
    .option('--wait-if-busy', 'wait when another operation holds the cluster')
    .option('--ignore-window', 'move outside the window too (needs --reason)')
    .option('--accept-check <check...>', 'go on in spite of these blockers (needs --reason)')
    .option('--reason <text>', 'why, for the record')
    .option('--requested-by <name>', 'for the record (default: user@host)');
}

/** The common fields of the input, from these options. */
export function commonInput(cluster: string, options: OperationOptions): CommonInput {
  return {
    cluster,
    // A wrong mode is refused by the client's check, with what it may be.
    ...optional('transferMode', options.transferMode as CommonInput['transferMode']),
    ...optional('maxWriteStall', options.maxWriteStall),
    ...optional('parallelMoves', options.parallelMoves),
    ...(options.yes && { approval: 'auto' as const }),
    ...(options.ignoreWindow && { window: 'ignore' as const }),
    ...(options.dryRun && { dryRun: true }),
    ...(options.waitIfBusy && { ifBusy: 'wait' as const }),
    ...optional('acceptChecks', options.acceptCheck),
    ...optional('reason', options.reason),
    requestedBy: options.requestedBy ?? whoAmI(),
  };
}

/** A field, unless it has no value: inputs are compared and kept, so nothing stands in them that wasn't said. */
export function optional<Name extends string, Value>(
  name: Name,
  value: Value | undefined,
): Partial<Record<Name, Value>> {
  const field: Partial<Record<Name, Value>> = {};
  if (value !== undefined) field[name] = value;
  return field;
}
