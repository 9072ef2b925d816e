import { appendFileSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import type { SandboxCluster, SandboxNode } from '../../sandbox/index.js';
import { freePort } from '../../sandbox/os/ports.js';
import { findBinaries } from '../../sandbox/postgres/binaries.js';
import { untilReady } from '../../sandbox/postgres/ready.js';
import { launch, stopServer } from '../../sandbox/postgres/server.js';

/** A running copy of a server's disk, as one that was restored from a snapshot. */
export interface ServerCopy {
  address: string;
  stop: () => Promise<void>;
}

/** Copies a server, which is stopped for that moment, and starts the copy. */
export async function copyServer(cluster: SandboxCluster, node: SandboxNode): Promise<ServerCopy> {
  const folder = mkdtempSync(join(cluster.folder, 'nodes', '.copy-'));
  const data = join(folder, 'data');
  await execa('chmod', ['755', folder]);
  await node.stop();
  await execa('cp', ['-R', '-p', node.dataFolder, data]);
  await node.start();
  const port = await freePort();
  appendFileSync(join(data, 'postgresql.conf'), `port = ${port}\n`);
  launch(findBinaries(cluster.flavour), data, cluster.passwordFile);
  await untilReady({ ...node.login, port }, data);
  return { address: `127.0.0.1:${port}`, stop: () => stopServer(data, 'immediate') };
}
