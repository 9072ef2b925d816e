import { z } from 'zod';
import { clusterNamePattern, parallelMovesRange, transferModes, writeStallRange } from '../contract/index.js';
import { hostName } from '../contract/schema/fields.js';
import { tlsModes } from './config.js';
import { duration } from './duration.js';
import { governor } from './governor-schema.js';
import { windows } from './windows-schema.js';
import { always, strict, text } from './words.js';

const passwordShape = {
  passwordFile: text('the path of a file that holds the password')
    .optional()
    .describe('path of a file that holds the password; at most one of `passwordFile` and `passwordEnv`'),
  passwordEnv: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of an environment variable')
    .optional()
    .describe('name of an environment variable of the worker that holds the password'),
};

interface PasswordFields {
  passwordFile?: string | undefined;
  passwordEnv?: string | undefined;
}

const onePasswordSource = (value: PasswordFields) =>
  value.passwordFile === undefined || value.passwordEnv === undefined;
const onePasswordMessage = {
  ...always,
  path: ['passwordEnv'],
  error: 'passwordFile is given too; only one may be',
};

/** The cross-field rules once more, in the words of JSON Schema: editors know no others. */
const rules = {
  onePasswordSource: { not: { required: ['passwordFile', 'passwordEnv'] } },
  certWithKey: { dependencies: { cert: ['key'], key: ['cert'] } },
  hostOrHosts: { oneOf: [{ required: ['host'] }, { required: ['hosts'] }] },
  machinesAllowed: {
    if: { required: ['workersFrom'] },
    then: { required: ['allowedNodes'], properties: { allowedNodes: { minItems: 1 } } },
  },
};

const pemFile = (what: string) => text('the path of a PEM file').optional().describe(what);

const tls = strict({
  mode: z
    .enum(tlsModes)
    .describe(
      'as in libpq: `prefer` is TLS if the server has it, unchecked; `require` is checked if `ca` is given',
    ),
  ca: pemFile('path of a PEM file: who signs the certificates of the servers'),
  cert: pemFile("path of a PEM file: the worker's own certificate; `cert` and `key` go together"),
  key: pemFile("path of a PEM file: the worker's own key"),
})
  .refine((value) => (value.cert === undefined) === (value.key === undefined), {
    ...always,
    error: 'cert and key go together',
  })
  .meta(rules.certWithKey);

/** The fields of `coordinator`. field.ts checks them one by one. */
export const coordinatorFields = {
  host: hostName.optional().describe('host name or IP address; exactly one of `host` and `hosts`'),
  hosts: z
    .array(hostName)
    .min(1, 'must name at least one host')
    .optional()
    .describe('candidates; the one that takes writes is used'),
  port: z.int().min(1).max(65_535).default(5432).describe('of every host'),
  database: text('the name of a database').describe(
    'the one with the distributed tables; used on every node',
  ),
  user: text('the name of a role').describe('the role that acts, on every node'),
  ...passwordShape,
  tls: tls.default({ mode: 'prefer' }).describe('of every node'),
};

const coordinator = strict(coordinatorFields)
  .refine((value) => (value.host === undefined) !== (value.hosts === undefined), {
    ...always,
    error: 'exactly one of host and hosts is needed',
  })
  .refine(onePasswordSource, onePasswordMessage)
  .meta({
    ...rules.hostOrHosts,
    ...rules.onePasswordSource,
    description: 'where the coordinator is, and how to log in to it and to every node',
  });

const observer = strict({
  user: text('the name of a role').describe(
    'the role that reads: `inspect` uses it, with `coordinator.user` only for what that role itself may do. Operations use `coordinator.user`',
  ),
  ...passwordShape,
})
  .refine(onePasswordSource, onePasswordMessage)
  .meta(rules.onePasswordSource);

const argv = (what: string) =>
  z.array(text('a program or an argument, never empty')).min(1, 'must name a program').describe(what);

const command = strict({
  start: argv('program and arguments that start a machine; see "Machines by command"'),
  stop: argv('program and arguments that stop one'),
  list: argv('program and arguments that list those which were started'),
});

const movement = strict({
  transferMode: z
    .enum(transferModes)
    .default('auto')
    .describe("Citus's own modes; a request may name another"),
  // Measured: with writes blocked a small shard group takes 0.15 to 0.2 s, online 1.2 s (docs/citus.md).
  maxWriteStall: z
    // As in an input a plain number is seconds.
    .preprocess(
      (value) => (typeof value === 'number' ? `${value}s` : value),
      duration({ min: writeStallRange.least, max: writeStallRange.most }),
    )
    .prefault('0.3s')
    .describe(
      'with `transferMode: auto`, a shard group that is copied faster with writes blocked moves so, if they wait for less than this; `0s`: never',
    ),
  // Measured under a write load: 2 at once cost the applications little, 4 took a quarter of the throughput.
  parallelMoves: z
    .int()
    .min(parallelMovesRange.least)
    .max(parallelMovesRange.most)
    .default(2)
    .describe('moves at once; a request may name another number'),
  tune: z
    .boolean()
    .default(true)
    .describe(
      'whether `wal_retrieve_retry_interval` is lowered on the targets and their registered standbys while moving, and given back',
    ),
  governor: governor
    .optional()
    .describe(
      'lowers the number of parallel moves while the load is over a limit; left out, nothing is watched',
    ),
});

const cluster = strict({
  coordinator,
  observer: observer.optional().describe('a role of its own for reading'),
  workersFrom: strict({ command: command.describe('programs that start and stop machines') })
    .optional()
    .describe('how machines for new workers are started; left out, they are started elsewhere'),
  allowedNodes: z
    .array(
      z
        .string()
        .regex(
          /^(\[[^\s/@\]]+\]|[^\s:/@]+):[^\s:/@]+$/,
          'must be a pattern for host:port, for example "10.1.0.*:5432" or "[fd00::*]:5432"',
        ),
    )
    .optional()
    .describe(
      'patterns for `host:port`, an IPv6 host in brackets, that may be connected to, besides the coordinator and registered nodes; required with `workersFrom`',
    ),
  movement: movement.prefault({}).describe('how data is moved'),
  patroni: strict({
    port: z
      .int()
      .min(1)
      .max(65_535)
      .default(8008)
      .describe('of its REST API, on the host of each server that Patroni runs'),
    https: z.boolean().default(false).describe('whether it takes https; Node has to trust its certificate'),
  })
    .prefault({})
    .describe(
      'Patroni, where it runs the servers; it is only asked whether it runs them, never told anything',
    ),
  windows: windows.optional().describe('maintenance windows: when data may move; left out, at any time'),
  lockName: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/, 'must have letters, digits, "_" and "-" only, at most 64')
    .optional()
    .describe(
      "tells a physical copy of the coordinator's server, used for staging, from the original: they have the same system identifier, by which operations on a cluster exclude each other",
    ),
  samples: z
    .boolean()
    .default(true)
    .describe(
      'whether a Temporal Schedule looks each hour at sizes, rows and standbys: when a worker is dead, only that tells what it held and who streamed from it',
    ),
  approval: z
    .enum(['required', 'auto'])
    .optional()
    .describe(
      "`required` can't be lowered by a request: one with `approval: auto` is refused. `auto` is what holds when the request says nothing. Without the key the request decides, and `required` holds when it says nothing",
    ),
})
  .refine((value) => value.workersFrom === undefined || (value.allowedNodes ?? []).length > 0, {
    ...always,
    path: ['allowedNodes'],
    error: 'required with workersFrom: patterns for the addresses of the machines that its program starts',
  })
  .meta(rules.machinesAllowed);

/** The problem with a cluster's name, in a sentence; undefined when it is allowed. */
export function clusterNameProblem(name: string): string | undefined {
  return clusterNamePattern.test(name)
    ? undefined
    : 'a cluster\'s name has letters, digits, "_" and "-" only, at most 64';
}

/** The config file. Messages are read by load.ts, which adds file, line, path and what was found. */
export const configSchema = strict({
  clusters: z
    .record(z.string(), cluster)
    .refine((clusters) => Object.keys(clusters).length > 0, 'must name at least one cluster')
    // No schema of the keys: a name that isn't allowed would hide what is wrong with its cluster.
    .superRefine((clusters, context) => {
      for (const name of Object.keys(clusters)) {
        const problem = clusterNameProblem(name);
        if (problem !== undefined) context.addIssue({ code: 'custom', path: [name], message: problem });
      }
    }, always)
    .meta({
      minProperties: 1,
      propertyNames: { type: 'string', pattern: clusterNamePattern.source },
      description: 'clusters by name; a name has letters, digits, `_` and `-`, at most 64',
    }),
  reports: text('the path of a folder')
    .optional()
    .describe(
      "path of a folder: final reports are kept there as JSON, since Temporal forgets closed workflows; one that can't be written fails nothing",
    ),
  temporalUi: z
    .url({ protocol: /^https?$/, error: 'must be an http or https address' })
    .optional()
    .meta({
      pattern: '^https?://',
      description: "http or https address of the Temporal UI; an operation's status then links to its page",
    }),
});

type ConfigFile = z.output<typeof configSchema>;
/** A cluster as the file has it, with defaults filled in and durations as seconds. */
export type ClusterFile = ConfigFile['clusters'][string];
