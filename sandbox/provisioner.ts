// The sandbox's own provisioner, spoken to as docs/configuration.md says: node provisioner.js start|stop|list FOLDER
import { appendFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { standbySlot } from './cluster/make-node.js';
import { openCluster, type SandboxCluster } from './cluster/cluster.js';
import { readClusterRecord } from './cluster/layout.js';
import type { SandboxNode } from './cluster/node.js';

interface ProvisionerRequest {
  key?: string;
  host?: string;
  port?: number;
  standbyOf?: string;
}

const [action, folder = ''] = process.argv.slice(2);
const request = JSON.parse((await text(process.stdin)) || '{}') as ProvisionerRequest;
const release = await lock(readClusterRecord(folder).lockPort);
try {
  process.stdout.write(`${JSON.stringify(await answer(openCluster(folder)))}\n`);
} finally {
  release();
}

async function answer(cluster: SandboxCluster): Promise<object> {
  switch (action) {
    case 'start':
      return start(cluster, request.key ?? '');
    case 'stop':
      return stop(cluster);
    case 'list':
      return { machines: cluster.workers.filter(({ key }) => key !== undefined).map(machine) };
    default:
      throw new Error(`unknown action ${String(action)}: start, stop or list`);
  }
}

/** The same key is always the same machine, whoever asks and however often. */
async function start(cluster: SandboxCluster, key: string): Promise<object> {
  const existing = cluster.workers.find((node) => node.key === key);
  const ran = existing?.isRunning() ?? false;
  // Also when it runs: a call that was killed half way may have left it before it answers.
  await existing?.start();
  const node = existing ?? (await add(cluster, key));
  if (!ran) log(`start ${key} ${node.address}`);
  return machine(node);
}

async function add(cluster: SandboxCluster, key: string): Promise<SandboxNode> {
  const options = { key, name: 'provisioned-' };
  const { standbyOf } = request;
  if (standbyOf === undefined) return cluster.addNode(options);
  const primary = cluster.workers.find(({ address }) => address === standbyOf);
  if (!primary) throw new Error(`no server ${standbyOf}`);
  return cluster.standbyOf(primary, options);
}

async function stop(cluster: SandboxCluster): Promise<object> {
  const node = cluster.workers.find(({ key, port }) =>
    request.key === undefined ? port === request.port : key === request.key,
  );
  if (node?.isRunning()) {
    await node.stop();
    log(`stop ${node.key ?? ''} ${node.address}`);
  }
  if (node) await dropSlots(cluster, standbySlot(node.port));
  return {};
}

/** A slot that no standby uses keeps all WAL of its server. One that is fenced lets nobody in, and is of no use any more. */
async function dropSlots({ workers }: SandboxCluster, slot: string): Promise<void> {
  const drop =
    'select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = $1 and not active';
  for (const worker of workers.filter((each) => each.isRunning()))
    await worker.query(drop, [slot]).catch(() => undefined);
}

function machine(node: SandboxNode): object {
  return { host: node.host, port: node.port, key: node.key, running: node.isRunning() };
}

function log(line: string): void {
  appendFileSync(join(folder, 'provisioner.log'), `${line}\n`);
}

/** One at a time, also when an earlier call was killed half way: the port is free again with its process. */
async function lock(port: number): Promise<() => void> {
  for (;;) {
    const server = createServer();
    const inUse = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => resolve(true));
    });
    if (inUse) return () => server.close();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
