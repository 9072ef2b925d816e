import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import type { SandboxCluster } from './cluster/cluster.js';

/** Wishes for a sandbox's config. */
export interface ConfigWishes {
  /** Name of the cluster in the config; default `demo`. */
  name?: string;
  temporalUi?: string;
  approval?: 'required' | 'auto';
  parallelMoves?: number;
  /** As in the config file. */
  maxWriteStall?: string;
  /** Whether machines can be started by the sandbox's own provisioner; default true. */
  provisioner?: boolean;
  /** Arguments of Node that run that provisioner; default: this checkout's sources. */
  provisionerProgram?: string[];
  /** Instead of that one, as in the config file. */
  workersFrom?: object;
  /** Separates this entry from others that mean the same servers. */
  lockName?: string;
  reports?: string;
  tune?: boolean;
  /** Whether it is sampled each hour; default: only in a sandbox for people. */
  samples?: boolean;
  /** As in the config file. */
  windows?: object;
  governor?: object;
  /** Fields of the coordinator's entry, instead of the superuser and no TLS. */
  coordinator?: object;
  observer?: object;
}

const sources = [
  '--import',
  import.meta.resolve('tsx'),
  fileURLToPath(new URL('./provisioner.ts', import.meta.url)),
];

/** Writes a worker's config for sandbox clusters, the first of which is called `demo`. */
export function writeConfig(
  file: string,
  clusters: { cluster: SandboxCluster; wishes?: ConfigWishes }[],
  top: ConfigWishes = {},
): void {
  const entries = clusters.map(({ cluster, wishes = {} }, index) => {
    const name = wishes.name ?? (index === 0 ? 'demo' : `demo${index + 1}`);
    return [name, clusterConfig(cluster, wishes, top.provisionerProgram)] as const;
  });
  const config = {
    ...(top.temporalUi === undefined ? {} : { temporalUi: top.temporalUi }),
    ...(top.reports === undefined ? {} : { reports: top.reports }),
    clusters: Object.fromEntries(entries),
  };
  writeFileSync(file, stringify(config));
}

function clusterConfig(cluster: SandboxCluster, wishes: ConfigWishes, provisionerProgram = sources): object {
  const { coordinator, database, user, passwordFile } = cluster;
  const program = (action: string): string[] => [
    process.execPath,
    ...provisionerProgram,
    action,
    cluster.folder,
  ];
  return {
    coordinator: {
      host: coordinator.host,
      port: coordinator.port,
      database,
      user,
      passwordFile: plainPasswordFile(cluster, passwordFile),
      tls: { mode: 'disable' },
      ...wishes.coordinator,
    },
    ...(wishes.observer === undefined ? {} : { observer: wishes.observer }),
    allowedNodes: ['127.0.0.1:*'],
    movement: {
      parallelMoves: wishes.parallelMoves ?? 2,
      tune: wishes.tune ?? true,
      ...(wishes.maxWriteStall === undefined ? {} : { maxWriteStall: wishes.maxWriteStall }),
      ...(wishes.governor === undefined ? {} : { governor: wishes.governor }),
    },
    samples: wishes.samples ?? false,
    ...(wishes.windows === undefined ? {} : { windows: wishes.windows }),
    ...(wishes.approval === undefined ? {} : { approval: wishes.approval }),
    ...(wishes.lockName === undefined ? {} : { lockName: wishes.lockName }),
    ...(wishes.provisioner === false
      ? {}
      : {
          workersFrom: wishes.workersFrom ?? {
            command: { start: program('start'), stop: program('stop'), list: program('list') },
          },
        }),
  };
}

/** The sandbox's file is in libpq's format; the config wants the password alone. */
function plainPasswordFile({ folder, password }: SandboxCluster, _pgpass: string): string {
  const file = `${folder}/password`;
  writeFileSync(file, password, { mode: 0o600 });
  return file;
}
