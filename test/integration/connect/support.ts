import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { clusterOf, loadConfig, type ClusterConfig } from '../../../src/config/index.js';
import type { SandboxCluster } from '../../../sandbox/index.js';

/** A config for a sandbox cluster as a person would write it, in the cluster's own folder; fields can be changed or added. */
export function configOf(
  cluster: SandboxCluster,
  { coordinator = {}, ...more }: { coordinator?: object; [field: string]: unknown } = {},
): ClusterConfig {
  return clusterOf(loadConfig(configFileOf(cluster, { coordinator, ...more })), 'demo');
}

/** The same as a file. */
export function configFileOf(
  cluster: SandboxCluster,
  { coordinator = {}, ...more }: { coordinator?: object; [field: string]: unknown } = {},
): string {
  const folder = mkdtempSync(join(cluster.folder, 'config-'));
  const { coordinator: server, database, user, password } = cluster;
  writeFileSync(join(folder, 'password'), `${password}\n`, { mode: 0o600 });
  const file = join(folder, 'citus-scaler.yaml');
  const address = { host: server.host, port: server.port, database, user, passwordFile: 'password' };
  const named: Record<string, unknown> = { ...address, ...coordinator };
  const kept = Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined));
  writeFileSync(file, stringify({ clusters: { demo: { coordinator: kept, ...more } } }));
  return file;
}
