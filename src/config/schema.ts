import { z } from 'zod';

/**
 * The config file. Every object is strict: what this version does not know is refused, with the list of what is
 * allowed, because a misspelt `approval` that is ignored would start moves nobody approved.
 * Messages are read by load.ts, which adds file, line, path and what was found.
 */
function strict<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys' ? `allowed here: ${Object.keys(shape).join(', ')}` : undefined,
  });
}

const text = (what: string) => z.string().min(1, `must be ${what}`);
const host = z
  .string()
  .regex(
    /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/,
    'must be a host name or an IPv4 address, without port, user or scheme',
  )
  .transform((value) => value.toLowerCase());

const passwordShape = {
  passwordFile: text('the path of a file that holds the password').optional(),
  passwordEnv: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of an environment variable')
    .optional(),
};

interface PasswordFields {
  passwordFile?: string | undefined;
  passwordEnv?: string | undefined;
}

/** Cross-field rules run even when other fields are wrong, so that all problems show at once. */
const always = {
  when: ({ value }: { value: unknown }) => typeof value === 'object' && value !== null,
};
const onePasswordSource = (value: PasswordFields) =>
  value.passwordFile === undefined || value.passwordEnv === undefined;
const onePasswordMessage = {
  ...always,
  path: ['passwordEnv'],
  error: 'passwordFile is given too; only one may be',
};

const tls = strict({
  mode: z.enum(['disable', 'prefer', 'require', 'verify-ca', 'verify-full']),
  ca: text('the path of a PEM file').optional(),
  cert: text('the path of a PEM file').optional(),
  key: text('the path of a PEM file').optional(),
}).refine((value) => (value.cert === undefined) === (value.key === undefined), {
  ...always,
  error: 'cert and key go together',
});

const coordinator = strict({
  host: host.optional(),
  hosts: z.array(host).min(1, 'must name at least one host').optional(),
  port: z.int().min(1).max(65_535).default(5432),
  database: text('the name of a database'),
  user: text('the name of a role'),
  ...passwordShape,
  tls: tls.optional(),
})
  .refine((value) => (value.host === undefined) !== (value.hosts === undefined), {
    ...always,
    error: 'exactly one of host and hosts is needed',
  })
  .refine(onePasswordSource, onePasswordMessage);

const observer = strict({ user: text('the name of a role'), ...passwordShape }).refine(
  onePasswordSource,
  onePasswordMessage,
);

const argv = z.array(text('a program or an argument, never empty')).min(1, 'must name a program');

const cluster = strict({
  coordinator,
  observer: observer.optional(),
  workersFrom: strict({ command: strict({ start: argv, stop: argv, list: argv }) }).optional(),
  allowedNodes: z
    .array(
      z
        .string()
        .regex(/^[^\s:/@]+:[^\s:/@]+$/, 'must be a pattern for host:port, for example "10.1.0.*:5432"'),
    )
    .optional(),
  movement: strict({
    transferMode: z.enum(['auto', 'force_logical', 'block_writes']).optional(),
    parallelMoves: z.int().min(1).max(64).optional(),
    tune: z.boolean().optional(),
  }).optional(),
  approval: z.enum(['required', 'auto']).optional(),
}).refine((value) => value.workersFrom === undefined || (value.allowedNodes ?? []).length > 0, {
  ...always,
  path: ['allowedNodes'],
  error: 'required with workersFrom: patterns for the addresses of the machines that its program starts',
});

export const configSchema = strict({
  clusters: z
    .record(z.string().regex(/^[A-Za-z0-9_-]{1,64}$/), cluster)
    .refine((clusters) => Object.keys(clusters).length > 0, 'must name at least one cluster'),
  reports: text('the path of a folder').optional(),
  temporalUi: z.url({ protocol: /^https?$/, error: 'must be an http or https address' }).optional(),
});

type ConfigFile = z.output<typeof configSchema>;
export type ClusterFile = ConfigFile['clusters'][string];
