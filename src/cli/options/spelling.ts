import { isOperationType, updateNames, type Action, type UpdateName } from '../../contract/index.js';
import { commandNames, kebabCase, updateCommands } from '../command-names.js';

/** How a command takes a field: as an argument in this place of its line, or as an option. */
interface Spelling {
  name: string;
  /** The words of a value; nothing where the command has no words for it. */
  words: (value: unknown) => string[];
}

/** Without an entry a field is an option of its own name, with a value. */
const spellings: Record<string, Spelling> = {
  cluster: argument('CLUSTER'),
  operation: argument('OPERATION'),
  n: argument('N'),
  nodes: option('--node'),
  tables: option('--table'),
  acceptChecks: option('--accept-check'),
  dryRun: flag('--dry-run', true),
  drainOnly: flag('--drain-only', true),
  keepMachine: flag('--keep-machine', true),
  undo: flag('--undo', true),
  now: flag('--now', true),
  all: flag('--all', true),
  approval: flag('--yes', 'auto'),
  window: flag('--ignore-window', 'ignore'),
  ifBusy: {
    name: '--wait-if-busy',
    words: (value) => (value === 'wait' ? ['--wait-if-busy'] : value === 'takeOver' ? ['--take-over'] : []),
  },
  rebalance: flag('--no-rebalance', false),
  for: {
    name: '--for',
    words: (value) => ['--for', isOperationType(value) ? commandNames[value] : String(value)],
  },
};

/** `transferMode` → `--transfer-mode`, `nodes.0` → `--node`, `n` → `N` */
export function optionFor(field: string): string {
  return spellingOf(field.split('.')[0] ?? field).name;
}

/** A field with its value as an option, in words of a command line that are yet to be quoted. */
export function wordsFor(field: string, value: unknown): string[] {
  return spellingOf(field).words(value);
}

/** Arguments of an action's command, in their order; further fields are options. */
export function argumentsOf(action: Action): string[] {
  switch (action) {
    case 'drainWorker':
    case 'removeWorker':
      return ['cluster', 'nodes'];
    case 'isolateWorker':
    case 'salvageWorker':
    case 'replaceWorker':
      return ['cluster', 'node'];
    case 'emergencyRemoveWorker':
      return ['cluster', 'node', 'alsoDead'];
    case 'setParallelMoves':
      return ['operation', 'n'];
    case 'clusters':
    case 'list':
    case 'worker':
      return [];
    default:
      return isOnOperation(action) ? ['operation'] : ['cluster'];
  }
}

/** The placeholder for an argument that a remedy leaves to the person. */
export function placeOf(field: string): string {
  if (field === 'nodes') return 'NODE…';
  // Mostly just one is dead.
  if (field === 'alsoDead') return '';
  return field === 'node' ? 'NODE' : optionFor(field);
}

/** The option that a command can't do without, as long as none of these fields is given, and its words then. */
export function neededBy(action: Action): { unless: string[]; words: string } | undefined {
  switch (action) {
    case 'scaleOut':
      return { unless: ['to', 'add', 'nodes'], words: '--add N' };
    case 'reject':
    case 'giveUp':
    case 'ignoreWindow':
      return { unless: ['reason'], words: '--reason …' };
    default:
      return undefined;
  }
}

/** The name of an action's command. One of a newer worker has none. */
export function commandFor(action: Action): string | undefined {
  if (isOperationType(action)) return commandNames[action];
  if (isUpdate(action)) return updateCommands[action];
  return others[action];
}

/** `moves` and `nodes` have no command of their own. */
const others: Partial<Record<Action, string>> = {
  health: 'health',
  preflight: 'preflight',
  clusters: 'clusters',
  cancel: 'cancel',
  status: 'status',
  list: 'list',
  worker: 'worker',
};

function isOnOperation(action: Action): boolean {
  return isUpdate(action) || action === 'cancel' || action === 'status';
}

function isUpdate(action: Action): action is UpdateName {
  return updateNames.some((name) => name === action);
}

function spellingOf(field: string): Spelling {
  return spellings[field] ?? option(`--${kebabCase(field)}`);
}

function argument(name: string): Spelling {
  return { name, words: toList };
}

function option(name: string): Spelling {
  return { name, words: (value) => [name, ...toList(value)] };
}

function flag(name: string, when: unknown): Spelling {
  return { name, words: (value) => (value === when ? [name] : []) };
}

/** The words of a value alone, as an argument is written. */
export function toList(value: unknown): string[] {
  return (Array.isArray(value) ? (value as unknown[]) : [value]).map(String);
}
