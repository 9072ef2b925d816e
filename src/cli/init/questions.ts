import type { NewCluster } from './config-text.js';
import { UsageError } from '../problem.js';
import { optional } from '../options/operation-options.js';

/** Options of `init`. */
export interface InitOptions {
  name?: string;
  host?: string;
  port?: number;
  database?: string;
  user?: string;
  passwordFile?: string;
  passwordEnv?: string;
  tls?: string;
  tlsCa?: string;
  allowedNode?: string[];
}

/** The new cluster, read from the options alone. @throws UsageError that names all that is missing */
export function newClusterOf(options: InitOptions): NewCluster {
  const {
    name,
    host,
    database,
    user,
    port = 5432,
    passwordFile,
    passwordEnv,
    tls,
    tlsCa,
    allowedNode,
  } = options;
  if (name === undefined || host === undefined || database === undefined || user === undefined) {
    const missing = (['name', 'host', 'database', 'user'] as const).filter(
      (field) => options[field] === undefined,
    );
    throw new UsageError(`Missing: ${missing.map((field) => `--${field}`).join(', ')}.`, [
      'On a terminal, citus-scaler init asks for what is left out.',
    ]);
  }
  if (passwordFile !== undefined && passwordEnv !== undefined) {
    throw new UsageError('--password-file and --password-env are given; only one may be.');
  }
  if (tlsCa !== undefined && tls === undefined)
    throw new UsageError('--tls-ca is given without --tls.', ['For example: --tls verify-full.']);
  return {
    name,
    host,
    port,
    database,
    user,
    ...optional('passwordFile', passwordFile),
    ...optional('passwordEnv', passwordEnv),
    ...optional('tls', tls),
    ...optional('tlsCa', tlsCa),
    ...optional('allowedNodes', allowedNode),
  };
}

/** Says what is wrong with an answer, if anything. */
export type AnswerCheck = (field: Question, value: string | number) => string | undefined;
type Question = 'name' | 'host' | 'port' | 'database' | 'user' | 'passwordFile' | 'passwordEnv';

/** Asks for what the options leave out, each until it is right; undefined when the person gave up. */
export async function askNewCluster(
  options: InitOptions,
  problemWith: AnswerCheck,
): Promise<NewCluster | undefined> {
  const prompts = await import('@clack/prompts');
  const output = process.stderr;
  const answers: InitOptions = { ...options };
  // A proposal is taken with Enter and gone with the first key: in a text that stands there one would type on.
  const ask = async (field: Question, message: string, proposal = ''): Promise<boolean> => {
    if (answers[field] !== undefined) return true;
    const answer = await prompts.text({
      message,
      placeholder: proposal,
      defaultValue: proposal,
      output,
      validate: (text = '') => problemWith(field, valueOf(field, text === '' ? proposal : text)),
    });
    if (prompts.isCancel(answer)) return false;
    Object.assign(answers, { [field]: valueOf(field, answer === '' ? proposal : answer) });
    return true;
  };
  if (!(await ask('name', 'What do you call the cluster?'))) return undefined;
  if (!(await ask('host', 'Host of its coordinator?'))) return undefined;
  if (!(await ask('port', 'Port?', '5432'))) return undefined;
  if (!(await ask('database', 'Database with the distributed tables?', answers.name))) return undefined;
  if (!(await ask('user', 'Role that operations act as?', 'citus_scaler'))) return undefined;
  if (answers.passwordFile === undefined && answers.passwordEnv === undefined) {
    const source = await prompts.select({
      message: 'Where does the worker find its password?',
      options: [
        { value: 'passwordFile', label: 'In a file' },
        { value: 'passwordEnv', label: 'In an environment variable' },
        { value: 'pgpass', label: 'In ~/.pgpass' },
      ],
      output,
    });
    if (prompts.isCancel(source)) return undefined;
    if (source === 'passwordFile' && !(await ask('passwordFile', 'Which file?'))) return undefined;
    if (source === 'passwordEnv' && !(await ask('passwordEnv', 'Which variable?'))) return undefined;
  }
  if (answers.allowedNode === undefined) {
    const patterns = await prompts.text({
      message: 'Which servers may join later? Patterns such as 10.1.0.*:5432 or db*.internal:5432, if any',
      placeholder: 'none yet',
      defaultValue: '',
      output,
      validate: () => undefined,
    });
    if (prompts.isCancel(patterns)) return undefined;
    const allowedNode = patterns.split(/[\s,]+/).filter((pattern) => pattern !== '');
    if (allowedNode.length > 0) answers.allowedNode = allowedNode;
  }
  return newClusterOf(answers);
}

/** The value of an answer; a port that is a number is one. */
function valueOf(field: Question, text = ''): string | number {
  const value = text.trim();
  return field === 'port' && /^\d+$/.test(value) ? Number(value) : value;
}
