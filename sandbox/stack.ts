import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { startCluster, type SandboxCluster, type StartOptions } from './cluster/cluster.js';
import { writeConfig, type ConfigWishes } from './config-file.js';
import { recordStack } from './stack-record.js';
import { startTemporal, type SandboxTemporal } from './temporal/server.js';
import { startWorker, type WorkerProcess } from './worker.js';

/** A cluster, a Temporal server and a worker that knows the cluster as `demo`. */
export interface Stack {
  cluster: SandboxCluster;
  temporal: SandboxTemporal;
  configFile: string;
  worker: WorkerProcess;
  /** Starts another worker, as whoever runs it would after a crash. */
  startWorker: () => Promise<void>;
  stop: () => Promise<void>;
}

/** The worker's config in a cluster's folder. */
export function configOf(folder: string): string {
  return join(folder, 'citus-scaler.yaml');
}

/** Starts a cluster, Temporal and a worker. */
export async function startStack(options: StartOptions & { wishes?: ConfigWishes }): Promise<Stack> {
  const { wishes = {}, ...clusterOptions } = options;
  const detached = options.detached;
  const [cluster, temporal] = await Promise.all([startCluster(clusterOptions), startTemporal({ detached })]);
  const configFile = configOf(cluster.folder);
  recordStack(cluster.folder, { temporalAddress: temporal.address, temporalFolder: temporal.folder });
  const reports = join(cluster.folder, 'reports');
  mkdirSync(reports);
  writeConfig(configFile, [{ cluster, wishes: { samples: true, ...wishes } }], {
    reports,
    temporalUi: temporal.uiUrl,
  });
  const start = (): Promise<WorkerProcess> => startWorker(configFile, temporal.address, { detached });
  const stack: Stack = {
    cluster,
    temporal,
    configFile,
    worker: await start(),
    startWorker: async () => {
      stack.worker = await start();
    },
    stop: async () => {
      await stack.worker.kill();
      await Promise.all([cluster.stop(), temporal.stop()]);
    },
  };
  return stack;
}
