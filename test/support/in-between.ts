import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SandboxCluster, SandboxNode } from '../../sandbox/index.js';
import { freePort } from '../../sandbox/os/ports.js';

/** Something that stands between a client and a server, at a port of its own. */
interface InBetween {
  port: number;
  stop: () => void;
}

/** Passes bytes on, as a container's port does. */
export async function mapPort({ port: to }: SandboxNode): Promise<InBetween> {
  const port = await freePort();
  const server = createServer((client) => {
    const target = connect(to, '127.0.0.1');
    client.on('error', () => target.destroy());
    target.on('error', () => client.destroy());
    client.pipe(target).pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return { port, stop: () => void server.close() };
}

/** PgBouncer before a server; undefined where it isn't installed. */
export async function startPooler(
  cluster: SandboxCluster,
  node: SandboxNode,
): Promise<InBetween | undefined> {
  if (spawnSync('pgbouncer', ['--version']).status !== 0) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'pooler-'));
  chmodSync(folder, 0o755);
  const port = await freePort();
  const users = join(folder, 'users.txt');
  writeFileSync(users, `"${cluster.user}" "${cluster.password}"\n`);
  const settings = [
    '[databases]',
    `${cluster.database} = host=127.0.0.1 port=${node.port} dbname=${cluster.database}`,
    '[pgbouncer]',
    ...['listen_addr = 127.0.0.1', `listen_port = ${port}`, 'unix_socket_dir =', 'pool_mode = session'],
    ...['auth_type = trust', `auth_file = ${users}`, 'ignore_startup_parameters = extra_float_digits'],
    // As root it refuses to run.
    ...(process.getuid?.() === 0 ? ['user = nobody'] : []),
  ];
  const file = join(folder, 'pgbouncer.ini');
  writeFileSync(file, `${settings.join('\n')}\n`);
  const program = spawn('pgbouncer', ['-q', file], { stdio: 'ignore' });
  for (let tries = 0; tries < 50 && !(await answers(port)); tries += 1) await sleep(100);
  return { port, stop: () => void program.kill('SIGINT') };
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
