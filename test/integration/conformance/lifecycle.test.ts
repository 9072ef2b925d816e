import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { openCluster, startCluster, type SandboxCluster } from '../../../sandbox/cluster/cluster.js';
import { sweepLeftovers } from '../../../sandbox/os/sweep.js';
import { query } from '../../../sandbox/postgres/query.js';
import { conform } from './flavours.js';
import { refusal, until } from './questions.js';

/** A process of its own that starts a cluster. */
async function starter(...args: string[]): Promise<{ child: ChildProcess; cluster: SandboxCluster }> {
  const program = fileURLToPath(new URL('./support/start-and-wait.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', program, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface(child.stdout)) return { child, cluster: openCluster(line) };
  throw new Error('no cluster was started');
}

const identifier = `SELECT system_identifier::text AS id, gen.server_id
  FROM pg_control_system(), (SELECT metadata->>'server_id' AS server_id FROM pg_dist_node_metadata) gen`;

conform(
  'life of a cluster',
  {},
  () => Promise.resolve(),
  (cluster, flavour) => {
    it('gives every server an identity of its own', async () => {
      const nodes = [cluster().coordinator, ...cluster().workers];
      const rows = (
        await Promise.all(nodes.map((node) => node.query<{ id: string; server_id: string }>(identifier)))
      ).flat();
      expect(new Set(rows.map(({ id }) => id)).size).toBe(3);
      expect(new Set(rows.map(({ server_id }) => server_id)).size).toBe(3);
    });

    it('lets nobody in without the password, which only its owner can read', async () => {
      const { coordinator, passwordFile } = cluster();
      expect((await refusal(query({ ...coordinator.login, password: 'wrong' }, 'SELECT 1'))).code).toBe(
        '28P01',
      );
      expect(statSync(passwordFile).mode & 0o077).toBe(0);
    });

    it('kills and revives a server without losing what was committed', async () => {
      const [worker] = cluster().workers;
      if (!worker) throw new Error('no worker');
      await worker.query('CREATE TABLE kept (i int)');
      await worker.query('INSERT INTO kept VALUES (1)');
      await worker.kill();
      expect(worker.isRunning()).toBe(false);
      expect(worker.pid()).toBeUndefined();
      expect((await refusal(worker.query('SELECT 1'))).message).toContain('ECONNREFUSED');
      await worker.start();
      expect(await worker.query('SELECT i FROM kept')).toEqual([{ i: 1 }]);
    });

    it.each(['smart', 'fast', 'immediate'] as const)('stops a server the %s way', async (mode) => {
      const [worker] = cluster().workers;
      await worker?.stop(mode);
      expect(worker?.isRunning()).toBe(false);
      await worker?.start();
      await worker?.start();
      expect(worker?.isRunning()).toBe(true);
    });

    it('freezes a server: it hangs and refuses nothing', async () => {
      const [, worker] = cluster().workers;
      worker?.freeze();
      let answered = false;
      const question = worker?.query('SELECT 1').then(() => (answered = true));
      await new Promise((resolve) => setTimeout(resolve, 500));
      expect(answered).toBe(false);
      expect(worker?.isRunning()).toBe(true);
      worker?.thaw();
      await question;
      expect(answered).toBe(true);
    });

    it('finds a running cluster again by its folder, with nodes that were added', async () => {
      const added = await cluster().addNode();
      const found = openCluster(cluster().folder);
      expect(found.workers.map(({ address }) => address)).toContain(added.address);
      expect(await found.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    });

    it('runs clusters side by side, and leaves nothing of one that is stopped', async () => {
      const parent = mkdtempSync(join(tmpdir(), 'citus-scaler-test-'));
      // Servers may run as another user.
      chmodSync(parent, 0o755);
      const other = await startCluster({
        flavour,
        workers: 1,
        folder: join(parent, 'here'),
        database: 'shop',
      });
      expect(other.folder).toBe(join(parent, 'here'));
      expect(other.password).not.toBe(cluster().password);
      expect(await other.query('SELECT current_database() AS name')).toEqual([{ name: 'shop' }]);
      await other.stop();
      expect(readdirSync(parent)).toEqual([]);
      expect([other.coordinator, ...other.workers].some((node) => node.isRunning())).toBe(false);
      rmSync(parent, { recursive: true });
      await cluster().query('SELECT 1');
    });

    it.each(['SIGINT', 'SIGTERM'] as const)('goes with its process on %s', async (signal) => {
      const { child, cluster: gone } = await starter(flavour);
      const ended = once(child, 'exit');
      child.kill(signal);
      expect(await ended).toEqual([null, signal]);
      expect(existsSync(gone.folder)).toBe(false);
      expect(gone.coordinator.isRunning()).toBe(false);
    });

    it('is cleaned up by the next one when its process was killed, and only then', async () => {
      const { child, cluster: left } = await starter(flavour);
      sweepLeftovers();
      expect(left.coordinator.isRunning()).toBe(true);
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
      expect(left.coordinator.isRunning()).toBe(true);
      sweepLeftovers();
      await until('the end of the servers', () => Promise.resolve(!left.coordinator.isRunning()), 10);
      expect(existsSync(left.folder)).toBe(false);
      await cluster().query('SELECT 1');
    });

    it('outlives its process when it shall', async () => {
      const { child, cluster: kept } = await starter(flavour, 'detached');
      if (child.exitCode === null) await once(child, 'exit');
      sweepLeftovers();
      expect(await kept.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
      await kept.stop();
      expect(existsSync(kept.folder)).toBe(false);
    });
  },
);
