import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { onExit } from './os/on-exit.js';

const program = fileURLToPath(new URL('./worker-main.ts', import.meta.url));

/** A worker in a process of its own, as users run it. */
export interface WorkerProcess {
  readonly pid: number;
  /** SIGKILL: nothing is handed over. */
  kill(): Promise<void>;
  /** SIGTERM, as a deploy does it. */
  stop(): Promise<void>;
  /** What it logged so far. */
  log(): string;
}

/** Starts `citus-scaler worker` and returns when it polls. */
export async function startWorker(
  configFile: string,
  temporalAddress: string,
  options: { logFile?: string } = {},
): Promise<WorkerProcess> {
  const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), program, configFile], {
    env: { ...process.env, TEMPORAL_ADDRESS: temporalAddress },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const forget = onExit(() => child.kill('SIGKILL'));
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  void gone.then(forget);
  const lines: string[] = [];
  await ready(child, lines, options.logFile);
  return {
    pid: child.pid ?? 0,
    kill: async () => {
      child.kill('SIGKILL');
      await gone;
    },
    stop: async () => {
      child.kill('SIGTERM');
      await gone;
    },
    log: () => lines.join('\n'),
  };
}

function ready(child: ChildProcess, lines: string[], logFile: string | undefined): Promise<void> {
  const { stdout, stderr } = child;
  if (!stdout || !stderr) throw new Error('the worker has no output');
  const file = logFile === undefined ? undefined : createWriteStream(logFile, { flags: 'a' });
  return new Promise((resolve, reject) => {
    const hear = (line: string): void => {
      lines.push(line);
      file?.write(`${line}\n`);
      if (line.includes('worker ready')) resolve();
    };
    createInterface(stdout).on('line', hear);
    createInterface(stderr).on('line', hear);
    child.once('exit', (code) =>
      reject(new Error(`the worker ended with ${String(code)}:\n${lines.slice(-20).join('\n')}`)),
    );
  });
}
