import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { openCluster } from '../../../sandbox/cluster/cluster.js';
import { programOf } from '../../support/build.js';
import { conform } from './flavours.js';
import { addNode } from './questions.js';

const program = programOf('sandbox/provisioner.ts');

interface Machine {
  host: string;
  port: number;
}

conform(
  'provisioner',
  { workers: 1 },
  () => Promise.resolve(),
  (cluster) => {
    const call = (action: string, request: object): ChildProcessByStdio<Writable, Readable, null> => {
      const child = spawn(process.execPath, [...program, action, cluster().folder], {
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      child.stdin.end(JSON.stringify({ action, cluster: 'demo', ...request }));
      return child;
    };
    const ask = async <Answer>(action: string, request: object): Promise<Answer> => {
      const child = call(action, request);
      return JSON.parse(await text(child.stdout)) as Answer;
    };
    const log = (key: string): string[] => {
      const file = join(cluster().folder, 'provisioner.log');
      if (!existsSync(file)) return [];
      return readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => line.includes(` ${key} `));
    };

    it('starts a machine that can be registered, and that stays', async () => {
      const machine = await ask<Machine>('start', { key: 'first' });
      expect(await addNode(cluster(), machine)).toBeGreaterThan(2);
      expect(log('first')).toEqual([`start first ${machine.host}:${machine.port}`]);
    });

    it('answers the same machine for the same key, and another for another', async () => {
      const [first, again, other] = [
        await ask<Machine>('start', { key: 'first' }),
        await ask<Machine>('start', { key: 'first' }),
        await ask<Machine>('start', { key: 'other' }),
      ];
      expect(again).toEqual(first);
      expect(other.port).not.toBe(first.port);
      expect(log('first')).toHaveLength(1);
    });

    it('answers the same machine to calls that race', async () => {
      const answers = await Promise.all([1, 2, 3].map(() => ask<Machine>('start', { key: 'raced' })));
      expect(new Set(answers.map(({ port }) => port)).size).toBe(1);
      expect(log('raced')).toHaveLength(1);
    });

    it.each([300, 500, 700, 900, 1200])(
      'carries on after a call that was killed after %i ms',
      async (milliseconds) => {
        const key = `killed-${milliseconds}`;
        const child = call('start', { key });
        await new Promise((resolve) => setTimeout(resolve, milliseconds));
        child.kill('SIGKILL');
        if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
        const machine = await ask<Machine>('start', { key });
        const nodes = openCluster(cluster().folder).workers.filter((node) => node.key === key);
        expect(nodes.map(({ port }) => port)).toEqual([machine.port]);
        expect(await nodes[0]?.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
      },
    );

    it('starts a machine again that has stopped', async () => {
      const { port } = await ask<Machine>('start', { key: 'other' });
      await ask('stop', { host: '127.0.0.1', port });
      const node = openCluster(cluster().folder).workers.find((worker) => worker.port === port);
      expect(node?.isRunning()).toBe(false);
      expect(await ask<Machine>('start', { key: 'other' })).toMatchObject({ port });
      expect(node?.isRunning()).toBe(true);
      expect(log('other').map((line) => line.split(' ')[0])).toEqual(['start', 'stop', 'start']);
    });

    it('finds it fine when what shall stop is gone', async () => {
      expect(await ask('stop', { key: 'nobody', host: '127.0.0.1', port: 9 })).toEqual({});
      expect(await ask('stop', { host: '127.0.0.1', port: 9 })).toEqual({});
    });

    it('lists its machines', async () => {
      const { machines } = await ask<{ machines: object[] }>('list', {});
      expect(machines).toContainEqual(expect.objectContaining({ key: 'first', running: true }));
    });
  },
);
