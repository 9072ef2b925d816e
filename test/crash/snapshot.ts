import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { nodeNames, nodesFolder } from '../../sandbox/cluster/layout.js';
import { openCluster } from '../../sandbox/cluster/cluster.js';

/** Keeps a copy of all servers of a cluster as they are now; they run on after it. */
export async function takeSnapshot(folder: string): Promise<void> {
  await stopAll(folder, 'fast');
  await execa('cp', ['-R', '-p', nodesFolder(folder), snapshotIn(folder)]);
  await startAll(folder);
}

/** Every server is as it was at the snapshot, to the byte; those made since are gone. */
export async function restoreSnapshot(folder: string): Promise<void> {
  await stopAll(folder, 'immediate');
  for (const name of readdirSync(nodesFolder(folder)))
    rmSync(join(nodesFolder(folder), name), { recursive: true, force: true });
  const nodes = readdirSync(snapshotIn(folder)).map((name) => join(snapshotIn(folder), name));
  await execa('cp', ['-R', '-p', ...nodes, nodesFolder(folder)]);
  await startAll(folder);
}

function snapshotIn(folder: string): string {
  return join(folder, 'snapshot');
}

async function stopAll(folder: string, mode: 'fast' | 'immediate'): Promise<void> {
  if (!existsSync(nodesFolder(folder))) return;
  const { coordinator, workers } = openCluster(folder);
  await Promise.all([coordinator, ...workers].map((node) => node.stop(mode)));
}

async function startAll(folder: string): Promise<void> {
  const { coordinator, workers } = openCluster(folder);
  await Promise.all([coordinator, ...workers].map((node) => node.start()));
  if (nodeNames(folder).length !== workers.length + 1) throw new Error('servers came or went meanwhile');
}
