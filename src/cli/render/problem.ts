import type { Colors } from 'picocolors/types.js';
import { problemLine, type InputProblem } from '../../contract/index.js';
import type { Problem } from '../problem.js';
import { optionFor } from '../options/spelling.js';
import { remedyLines, type About } from './remedy.js';
import { wrap } from './text/text.js';

/** One clear sentence, what was seen, and what to do about it. */
export function renderProblem(
  { message, details }: Pick<Problem, 'message' | 'details'>,
  paint: Colors,
  columns: number,
  about: About = {},
): string {
  const { evidence, remedies, problems = [], cluster } = details;
  const [only, ...others] = problems;
  const several = others.length > 0;
  const sentence = only === undefined ? message : several ? 'The input is not valid.' : inOptions(only);
  const lines = evidence.filter(
    (line) => line !== '' && !message.includes(line) && !problems.some((each) => problemLine(each) === line),
  );
  return [
    wrap(`${paint.red('✗')} ${sentence}`, columns, 2),
    ...(several ? problems.map((each) => wrap(`  ${inOptions(each)}`, columns, 4)) : []),
    ...lines.map((line) => paint.dim(wrap(`  ${line}`, columns, 4))),
    ...remedyLines(remedies, { cluster, ...about }, paint, columns),
  ].join('\n');
}

/** `--to, --add: exactly one of them is needed` */
function inOptions({ field, with: others = [], text }: InputProblem): string {
  return field === undefined ? text : `${[field, ...others].map(optionFor).join(', ')}: ${text}`;
}
