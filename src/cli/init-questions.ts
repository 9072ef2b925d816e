import type { NewCluster } from './config-text.js';
import { UsageError } from './problem.js';
import { optional } from './operation-options.js';

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
}

/** From the options alone. @throws UsageError that names all that is missing */
export function newClusterOf(options: InitOptions): NewCluster {
  const { name, host, database, user, port = 5432, passwordFile, passwordEnv, tls, tlsCa } = options;
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
  };
}

/** Asks for what the options leave out; undefined when the person gave up. */
export async function askNewCluster(options: InitOptions): Promise<NewCluster | undefined> {
  const prompts = await import('@clack/prompts');
  const output = process.stderr;
  const answers: InitOptions = { ...options };
  const ask = async (
    field: 'name' | 'host' | 'database' | 'user',
    message: string,
    initial = '',
  ): Promise<boolean> => {
    if (answers[field] !== undefined) return true;
    const answer = await prompts.text({
      message,
      initialValue: initial,
      output,
      validate: (value) => (value === undefined || value.trim() === '' ? 'It is needed.' : undefined),
    });
    if (prompts.isCancel(answer)) return false;
    answers[field] = answer.trim();
    return true;
  };
  if (!(await ask('name', 'What do you call the cluster?'))) return undefined;
  if (!(await ask('host', 'Host of its coordinator?'))) return undefined;
  if (answers.port === undefined) {
    const port = await prompts.text({
      message: 'Port?',
      initialValue: '5432',
      output,
      validate: (value) => (/^\d{1,5}$/.test(value ?? '') ? undefined : 'A number, such as 5432.'),
    });
    if (prompts.isCancel(port)) return undefined;
    answers.port = Number(port);
  }
  if (!(await ask('database', 'Database with the distributed tables?', answers.name))) return undefined;
  if (!(await ask('user', 'Role that operations act as?', 'citus_scaler'))) return undefined;
  if (answers.passwordFile === undefined && answers.passwordEnv === undefined) {
    const source = await prompts.select({
      message: 'Where does the worker find its password?',
      options: [
        { value: 'file', label: 'In a file' },
        { value: 'env', label: 'In an environment variable' },
        { value: 'pgpass', label: 'In ~/.pgpass' },
      ],
      output,
    });
    if (prompts.isCancel(source)) return undefined;
    if (source !== 'pgpass') {
      const where = await prompts.text({
        message: source === 'file' ? 'Which file?' : 'Which variable?',
        output,
      });
      if (prompts.isCancel(where)) return undefined;
      answers[source === 'file' ? 'passwordFile' : 'passwordEnv'] = where.trim();
    }
  }
  return newClusterOf(answers);
}
