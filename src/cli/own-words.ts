import { operationTypes } from '../contract/index.js';
import { commandNames, dashed } from './command-names.js';

/**
 * What an operation says of its input, its type and what to do, in the words of the command line. Operations speak of
 * fields and updates, as the Temporal UI and services know them; this is the one place that knows what a command calls
 * them. Only what the CLI writes for a person is put so, never a JSON document.
 */
export function ownWords(text: string): string {
  return translations.reduce((said, [theirs, ours]) => said.replace(theirs, ours), text);
}

/** Fields that are options of the same name. */
const fields = ['transferMode', 'parallelMoves', 'dryRun', 'requestedBy', 'keepMachine', 'drainOnly'];
/** Fields that are usual words too: options only where one is named as what is wrong. */
const plainFields = ['to', 'add', 'for', 'method', 'strategy', 'threshold', 'reason', 'undo'];

const problemStart = '(?<=^|; |valid: |right: )';

const translations: [RegExp, string][] = [
  [/The input of inspect\b/g, 'The input'],
  [/drainWorker with undo/g, 'drain with --undo'],
  [/ifBusy: "wait"/g, '--wait-if-busy'],
  [/window: "ignore"/g, '--ignore-window'],
  [/acceptChecks: \["([\w-]+)"\]/g, '--accept-check $1'],
  [word('acceptChecks'), '--accept-check'],
  [/exactly one of to, add and nodes/g, 'exactly one of --to, --add and --node'],
  [/\bto and add\b(?=( and nodes)? were given)/g, '--to and --add'],
  [/(?:--)?\b(to|add) and nodes were given/g, '--$1 and --node were given'],
  [new RegExp(`${problemStart}nodes\\.(\\d+): `, 'g'), 'node: '],
  ...fields.map((name): [RegExp, string] => [word(name), `--${dashed(name)}`]),
  ...plainFields.map((name): [RegExp, string] => [
    new RegExp(`${problemStart}${name}: `, 'g'),
    `--${name}: `,
  ]),
  [word('giveUp'), 'give-up'],
  [word('ignoreWindow'), 'ignore-window'],
  [word('setParallelMoves'), 'parallel-moves'],
  ...operationTypes.map((type): [RegExp, string] => [word(type), commandNames[type]]),
];

/** Not a part of an id, of a path or of a field of the config. */
function word(name: string): RegExp {
  return new RegExp(`(?<![\\w/.-])${name}(?![\\w/-])`, 'g');
}
