import type { Colors } from 'picocolors/types.js';
import type { Remedy } from '../../contract/index.js';
import { argumentsOf, commandFor, toList, neededBy, placeOf, wordsFor } from '../options/spelling.js';
import { wrap } from './text/text.js';

/** The operation and the cluster that remedies mean where they name none. */
export interface About {
  operation?: string | undefined;
  cluster?: string | undefined;
}

/**
 * Lists what to do, each with the command that does it on a line of its own, to copy. A command of several stands
 * below the last of them.
 */
export function remedyLines(
  remedies: readonly Remedy[],
  about: About,
  paint: Colors,
  columns: number,
  indent = 2,
): string[] {
  const space = ' '.repeat(indent);
  const commands = remedies.map((remedy) => commandOf(remedy, about));
  return remedies.flatMap(({ text }, index) => {
    const command = commands[index];
    const isLast = command !== undefined && commands.lastIndexOf(command) === index;
    return [
      wrap(`${space}→ ${text}`, columns, indent + 2),
      ...(isLast ? [paint.dim(`${space}  $ ${command}`)] : []),
    ];
  });
}

/** `citus-scaler remove shop db3:5432`; of a plain remedy, or one that has no command, nothing. */
export function commandOf({ action, arguments: args = {} }: Remedy, about: About): string | undefined {
  const command = action && commandFor(action);
  if (action === undefined || command === undefined) return undefined;
  const fields = new Map<string, unknown>(
    Object.entries({ operation: about.operation, cluster: about.cluster, ...args }),
  );
  const places = argumentsOf(action);
  const inPlace = places.map((field) => {
    const value = fields.get(field);
    return value === undefined ? placeOf(field) : toList(value).map(quoted).join(' ');
  });
  const options = Object.entries(args)
    .filter(([field]) => !places.includes(field))
    .flatMap(([field, value]) => wordsFor(field, value).map(quoted));
  const needed = neededBy(action);
  const missing = needed && !needed.unless.some((field) => fields.has(field)) ? [needed.words] : [];
  return ['citus-scaler', command, ...inPlace, ...options, ...missing]
    .filter((word) => word !== '')
    .join(' ');
}

/** As a shell takes it for one word. */
function quoted(word: string): string {
  return /^[\w.,:@%+=/-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
