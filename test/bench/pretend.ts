import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeConfig } from '../../sandbox/config-file.js';
import { startTemporal, type SandboxCluster } from '../../sandbox/index.js';
import { onExit } from '../../sandbox/os/on-exit.js';
import { Client, Connection } from '@temporalio/client';
import { ScalerClient } from '../../src/client/index.js';

export interface Pretence {
  client: Client;
  scaler: ScalerClient;
  /** What the worker process has used so far. */
  usage: () => Usage;
}

const program = fileURLToPath(new URL('./pretending-worker.ts', import.meta.url));

/** A worker that checks and plans for real and moves nothing, beside a real Temporal server. */
export async function withPretence<T>(
  cluster: SandboxCluster,
  batchSeconds: number,
  work: (pretence: Pretence) => Promise<T>,
): Promise<T> {
  const configFile = join(cluster.folder, 'pretence.yaml');
  writeConfig(configFile, [{ cluster, wishes: { parallelMoves: 8 } }]);
  // Aliases of the servers count as the servers.
  const config = readFileSync(configFile, 'utf8').replace('127.0.0.1:*', '127.*:*');
  writeFileSync(configFile, config);
  const temporal = await startTemporal({ ui: false });
  try {
    const args = ['--import', import.meta.resolve('tsx'), program, configFile, temporal.address];
    const child = spawn(process.execPath, [...args, String(batchSeconds)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const forget = onExit(() => child.kill('SIGKILL'));
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    try {
      await new Promise((resolve) => child.stdout.once('data', resolve));
      const connection = await Connection.connect({ address: temporal.address });
      try {
        const client = new Client({ connection });
        const scaler = ScalerClient.from(client, temporal.address);
        return await work({ client, scaler, usage: () => usageOf(child.pid ?? 0) });
      } finally {
        await connection.close();
      }
    } finally {
      child.kill('SIGKILL');
      await ended;
      forget();
    }
  } finally {
    await temporal.stop();
  }
}

export interface Usage {
  /** MB of memory now, and at most so far. */
  memory: number;
  peak: number;
  cpuSeconds: number;
}

export function usageOf(pid: number): Usage {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const megabytes = (name: string): number =>
    Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? NaN) / 1000;
  // User and system time in hundredths of a second, after the program's name in brackets.
  const [, rest = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ');
  const ticks = rest.split(' ').slice(11, 13).map(Number);
  return {
    memory: megabytes('VmRSS'),
    peak: megabytes('VmHWM'),
    cpuSeconds: ticks.reduce((sum, each) => sum + each, 0) / 100,
  };
}
