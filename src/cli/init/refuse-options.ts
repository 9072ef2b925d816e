import { fieldProblem, type AskedField } from '../../config/index.js';
import { kebabCase } from '../command-names.js';
import type { InitOptions } from './questions.js';
import { UsageError } from '../problem.js';

const fields: AskedField[] = ['name', 'host', 'port', 'database', 'user', 'passwordFile', 'passwordEnv'];

/** @throws UsageError that names every option whose value the config couldn't hold */
export function refuseOptions(options: InitOptions): void {
  const problems = fields.flatMap((field) => {
    const value = options[field];
    const problem = value === undefined ? undefined : fieldProblem(field, value);
    return problem === undefined ? [] : [`--${kebabCase(field)}: ${problem}`];
  });
  const [first, ...more] = problems;
  if (first !== undefined) throw new UsageError(`${first}.`, [], more);
}
