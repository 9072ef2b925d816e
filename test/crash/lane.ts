import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { writeConfig } from '../../sandbox/config-file.js';
import { openCluster } from '../../sandbox/cluster/cluster.js';
import { startCluster, startTemporal, type SandboxCluster } from '../../sandbox/index.js';
import { programOf } from '../support/build.js';
import { flavour, smallData, type TemporalServer } from '../support/stage.js';
import type { Point } from './point.js';
import { startProxy, type Proxy } from './proxy.js';
import { restoreSnapshot, takeSnapshot } from './snapshot.js';
import { readLayout, takeBack } from './take-back.js';
import { loadWorker, type TestWorker } from './worker-process.js';

/**
 * A cluster, a Temporal server and workers, on which one case runs after the other, each from the same beginning.
 */
export interface Lane {
  readonly folder: string;
  readonly temporal: TemporalServer;
  readonly client: Client;
  /** The workers' way to the coordinator. */
  readonly proxy: Proxy;
  /** The cluster as it is now: provisioners add servers. */
  cluster: () => SandboxCluster;
  /** Whether all is known to be well, so that what was done can be undone rather than be replaced by a copy. */
  inOrder: boolean;
  /** Everything as it was in the beginning, and one worker polls. */
  reset: () => Promise<void>;
  /** The worker that polls, armed with points; returns where it writes what it does. */
  arm: (points: Point[]) => Promise<string>;
  /** Where the worker that was armed last writes it. */
  eventsFile: () => string;
  worker: () => TestWorker;
  /** Another worker begins to poll, with what it is armed with; the present one stays as it is. */
  nextWorker: (points?: Point[]) => Promise<TestWorker>;
  end: () => Promise<void>;
}

export async function openLane(build: string): Promise<Lane> {
  const [cluster, temporal] = await Promise.all([
    startCluster({ workers: 2, flavour }),
    startTemporal({ ui: false }),
  ]);
  const { folder } = cluster;
  await smallData(cluster);
  const proxy = await startProxy(cluster.coordinator.port);
  const throughProxy = { ...cluster, coordinator: { ...cluster.coordinator, port: proxy.port } };
  const configFile = join(folder, 'citus-scaler.yaml');
  writeConfig(
    configFile,
    [{ cluster: throughProxy, wishes: { parallelMoves: 2, approval: 'auto', maxWriteStall: '0s' } }],
    {
      reports: join(folder, 'reports'),
      provisionerProgram: programOf('sandbox/provisioner.ts', build),
    },
  );
  await takeSnapshot(folder);
  const layout = await readLayout(cluster);
  const connection = await Connection.connect({ address: temporal.address });
  const client = new Client({ connection });

  const begun: TestWorker[] = [];
  let spare = loadWorker(folder, build);
  let files = 0;

  const armed = async (worker: TestWorker, points: Point[]): Promise<string> => {
    files += 1;
    const file = fileOf(folder, files);
    await worker.arm(points, file);
    return file;
  };
  const nextWorker = async (points: Point[] = []): Promise<TestWorker> => {
    const worker = spare;
    spare = loadWorker(folder, build);
    await armed(worker, points);
    begun.push(worker);
    await worker.begin(configFile, temporal.address);
    return worker;
  };
  const present = (): TestWorker => {
    const worker = begun.at(-1);
    if (!worker) throw new Error('no worker');
    return worker;
  };

  const lane: Lane = {
    inOrder: false,
    folder,
    temporal,
    client,
    proxy,
    cluster: () => openCluster(folder),
    worker: present,
    eventsFile: () => fileOf(folder, files),
    nextWorker,
    arm: (points) => armed(present(), points),
    reset: async () => {
      await endOpenWorkflows(client);
      proxy.open();
      const alive = begun.splice(0).filter((worker) => worker.alive());
      // One that something went wrong with may still wait for its death.
      const kept = lane.inOrder ? alive.pop() : undefined;
      await Promise.all(alive.map((worker) => worker.kill()));
      rmSync(join(folder, 'provisioner.log'), { force: true });
      await (lane.inOrder ? takeBack(openCluster(folder), layout) : restoreSnapshot(folder)).catch(() =>
        restoreSnapshot(folder),
      );
      lane.inOrder = false;
      if (kept) begun.push(kept);
      else await nextWorker();
    },
    end: async () => {
      await Promise.all([...begun, spare].map((worker) => worker.kill()));
      await connection.close();
      await proxy.close();
      await Promise.all([cluster.stop(), temporal.stop()]);
    },
  };
  return lane;
}

function fileOf(folder: string, number: number): string {
  return join(folder, `events-${number}.jsonl`);
}

export async function openWorkflows(client: Client): Promise<{ workflowId: string; type: string }[]> {
  const found: { workflowId: string; type: string }[] = [];
  for await (const { workflowId, type } of client.workflow.list({ query: `ExecutionStatus = 'Running'` }))
    found.push({ workflowId, type });
  return found;
}

/** What a case that failed left open would disturb the next one. */
async function endOpenWorkflows(client: Client): Promise<void> {
  for (let open = await openWorkflows(client); open.length > 0; open = await openWorkflows(client)) {
    for (const { workflowId } of open)
      await client.workflow
        .getHandle(workflowId)
        .terminate()
        .catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
