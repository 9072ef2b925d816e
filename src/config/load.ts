import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { LineCounter, parseDocument } from 'yaml';
import { plainWords } from '../contract/schema/plain-words.js';
import { formatAddress } from '../text/address.js';
import type { ClusterConfig, Config, PasswordSource, TlsConfig } from './config.js';
import { ConfigError, linesFor, Places } from './problems.js';
import { configSchema, type ClusterFile } from './schema.js';

/**
 * Reads and checks the config file. Relative paths in it start at its own folder.
 *
 * @throws ConfigError with every problem at once, each with file, line and what is allowed
 */
export function loadConfig(file: string): Config {
  const path = resolve(file);
  const lines = new LineCounter();
  const document = parseDocument(readConfig(file, path), { lineCounter: lines, prettyErrors: false });
  const places = new Places(file, document, lines);
  if (document.errors.length > 0) {
    throw new ConfigError(document.errors.map((error) => `${places.at(error.pos[0])}: ${error.message}`));
  }
  const value: unknown = document.toJS();
  const result = configSchema.safeParse(value, { error: plainWords });
  if (!result.success) {
    throw new ConfigError(result.error.issues.flatMap((issue) => linesFor(issue, value, places)));
  }
  const folder = dirname(path);
  const clusters = Object.entries(result.data.clusters).map(([name, cluster]) => flat(name, cluster, folder));
  const twins = sharedCoordinators(clusters, places);
  if (twins.length > 0) throw new ConfigError(twins);
  const { reports, temporalUi } = result.data;
  return {
    file: path,
    clusters,
    ...(reports !== undefined && { reports: resolve(folder, reports) }),
    ...(temporalUi !== undefined && { temporalUi: temporalUi.replace(/\/+$/, '') }),
  };
}

function readConfig(file: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new ConfigError([
      `${file}: can't be read: ${error instanceof Error ? error.message : String(error)}`,
    ]);
  }
}

function flat(name: string, cluster: ClusterFile, folder: string): ClusterConfig {
  const { coordinator, observer, workersFrom } = cluster;
  const { governor, ...moving } = cluster.movement;
  return {
    name,
    hosts: coordinator.hosts ?? (coordinator.host === undefined ? [] : [coordinator.host]),
    port: coordinator.port,
    database: coordinator.database,
    user: coordinator.user,
    password: passwordSource(coordinator, folder),
    tls: tlsFiles(coordinator.tls, folder),
    ...(observer && { observer: { user: observer.user, password: passwordSource(observer, folder) } }),
    ...(workersFrom && {
      workersFrom: {
        command: {
          start: program(workersFrom.command.start, folder),
          stop: program(workersFrom.command.stop, folder),
          list: program(workersFrom.command.list, folder),
        },
      },
    }),
    allowedNodes: (cluster.allowedNodes ?? []).map((pattern) => pattern.toLowerCase()),
    movement: { ...moving, ...(governor && { governor }) },
    patroni: cluster.patroni,
    samples: cluster.samples,
    ...(cluster.windows && { windows: cluster.windows }),
    ...(cluster.lockName !== undefined && { lockName: cluster.lockName }),
    ...(cluster.approval && { approval: cluster.approval }),
  };
}

function passwordSource(
  login: { passwordFile?: string | undefined; passwordEnv?: string | undefined },
  folder: string,
): PasswordSource {
  if (login.passwordFile !== undefined) return { from: 'file', path: resolve(folder, login.passwordFile) };
  if (login.passwordEnv !== undefined) return { from: 'env', name: login.passwordEnv };
  return { from: 'pgpass' };
}

function tlsFiles(tls: ClusterFile['coordinator']['tls'], folder: string): TlsConfig {
  return {
    mode: tls.mode,
    ...(tls.ca !== undefined && { ca: resolve(folder, tls.ca) }),
    ...(tls.cert !== undefined && { cert: resolve(folder, tls.cert) }),
    ...(tls.key !== undefined && { key: resolve(folder, tls.key) }),
  };
}

/** A program named with a leading dot lies beside the config; any other is looked up as usual. */
function program(argv: string[], folder: string): string[] {
  const [first = '', ...rest] = argv;
  return [/^\.{1,2}\//.test(first) ? resolve(folder, first) : first, ...rest];
}

/** Names that share a database: one cluster would have two sets of settings, under one lock. */
function sharedCoordinators(clusters: ClusterConfig[], places: Places): string[] {
  const owner = new Map<string, string>();
  return clusters.flatMap((cluster) => {
    const keys = cluster.hosts.map(
      (host) => `${formatAddress({ host, port: cluster.port })}/${cluster.database}`,
    );
    const duplicate = keys.find((key) => owner.has(key));
    for (const key of keys) if (!owner.has(key)) owner.set(key, cluster.name);
    if (duplicate === undefined) return [];
    const first = owner.get(duplicate) ?? '';
    return [
      places.problem(
        ['clusters', cluster.name, 'coordinator'],
        `${duplicate} is already named by cluster "${first}"; one name only`,
      ),
    ];
  });
}
