import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { onExit } from './os/on-exit.js';
import { identityOf } from './os/processes.js';
import { recordProcess } from './os/process-record.js';

/** The CLI of this checkout. */
export const cli = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url));

/** A worker in a process of its own, as users run it. */
export interface WorkerProcess {
  readonly pid: number;
  readonly logFile: string;
  /** SIGKILL: nothing is handed over. */
  kill(): Promise<void>;
  /** SIGTERM, as a deploy does it. */
  stop(): Promise<void>;
  /** What it logged so far. */
  log(): string;
}

interface WorkerStart {
  /** It outlives this process. */
  detached?: boolean | undefined;
  /** Arguments of Node that start the command; default: this checkout's sources. */
  command?: string[];
}

let started = 0;

/**
 * Starts `citus-scaler worker` and returns when it polls. It belongs to the sandbox's folder that its config lies in,
 * and logs there.
 */
export async function startWorker(
  configFile: string,
  temporalAddress: string,
  options: WorkerStart = {},
): Promise<WorkerProcess> {
  started += 1;
  const folder = dirname(configFile);
  const name = `worker-${process.pid}-${started}`;
  const logFile = join(folder, `${name}.log`);
  const log = openSync(logFile, 'a');
  const child = spawn(
    process.execPath,
    [...(options.command ?? ['--import', import.meta.resolve('tsx'), cli]), 'worker', '--config', configFile],
    {
      env: { ...process.env, TEMPORAL_ADDRESS: temporalAddress },
      stdio: ['ignore', log, log],
      detached: options.detached ?? false,
    },
  );
  closeSync(log);
  const forget = options.detached ? (): void => child.unref() : onExit(() => child.kill('SIGKILL'));
  const exit = { code: undefined as number | null | undefined };
  const exited = new Promise<void>((resolve) =>
    child.once('exit', (code) => {
      exit.code = code;
      forget();
      resolve();
    }),
  );
  const pid = child.pid ?? 0;
  const identity = identityOf(pid);
  if (identity) recordProcess(folder, name, identity);
  const worker: WorkerProcess = {
    pid,
    logFile,
    kill: async () => {
      child.kill('SIGKILL');
      await exited;
    },
    stop: async () => {
      child.kill('SIGTERM');
      await exited;
    },
    log: () => readFileSync(logFile, 'utf8'),
  };
  while (!worker.log().includes('worker ready')) {
    if (exit.code !== undefined)
      throw new Error(`the worker ended with ${String(exit.code)}:\n${worker.log()}`);
    await sleep(50);
  }
  if (options.detached) child.unref();
  return worker;
}
