import type { Colors } from 'picocolors/types.js';
import type { Problem } from '../problem.js';
import { ownWords } from '../own-words.js';
import { wrap } from './text.js';

/** One clear sentence, what was seen, and what to do about it. */
export function renderProblem({ type, message, details }: Problem, paint: Colors, columns: number): string {
  // A config's fields are called in the file what the message calls them.
  const say = (text: string): string => (type === 'Config' ? text : ownWords(text));
  const evidence = details.evidence.filter((line) => line !== '' && !message.includes(line));
  return [
    wrap(`${paint.red('✗')} ${say(message)}`, columns, 2),
    ...evidence.map((line) => paint.dim(wrap(`  ${say(line)}`, columns, 4))),
    ...details.remedies.map((line) => wrap(`  → ${say(line)}`, columns, 4)),
  ].join('\n');
}
