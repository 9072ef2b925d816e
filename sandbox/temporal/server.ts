import { spawn } from 'node:child_process';
import { openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { searchAttributes } from '../../src/contract/index.js';
import { onExit } from '../os/on-exit.js';
import { freePort } from '../os/ports.js';
import { identityOf, isSameProcess, signal } from '../os/processes.js';
import { recordedProcess, recordProcess } from '../os/process-record.js';
import { makeSandboxFolder } from '../os/sandbox-folder.js';
import { endAndRemove, sweepLeftovers } from '../os/sweep.js';
import { findTemporal } from './find.js';

export interface TemporalOptions {
  folder?: string | undefined;
  /** Whether to serve Temporal's UI; default true. */
  ui?: boolean | undefined;
  /** It outlives this process. */
  detached?: boolean | undefined;
}

/** A Temporal dev server: real, with UI, its database in a file, so that it can crash and come back. */
export interface SandboxTemporal {
  readonly address: string;
  readonly uiUrl: string;
  readonly namespace: 'default';
  readonly folder: string;
  /** The Temporal CLI that runs it. */
  readonly program: string;
  /** SIGKILL, as a crash. */
  kill(): Promise<void>;
  /** Starts it again with the same database and ports. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

export async function startTemporal(options: TemporalOptions = {}): Promise<SandboxTemporal> {
  sweepLeftovers();
  const program = await findTemporal();
  const folder = makeSandboxFolder(options);
  const forget = options.detached ? undefined : onExit(() => endAndRemove(folder));
  const [port, uiPort, httpPort, metricsPort] = await Promise.all([
    freePort(),
    freePort(),
    freePort(),
    freePort(),
  ]);
  const args = [
    'server',
    'start-dev',
    '--ip',
    '127.0.0.1',
    '--log-level',
    'error',
    '--db-filename',
    join(folder, 'temporal.db'),
    '--port',
    String(port),
    '--http-port',
    String(httpPort),
    '--metrics-port',
    String(metricsPort),
    ...(options.ui === false ? ['--headless'] : ['--ui-port', String(uiPort)]),
    ...Object.entries(searchAttributes).flatMap(([name, type]) => ['--search-attribute', `${name}=${type}`]),
  ];
  const address = `127.0.0.1:${port}`;
  const server: SandboxTemporal = {
    address,
    uiUrl: `http://127.0.0.1:${uiPort}`,
    namespace: 'default',
    folder,
    program,
    start: async () => {
      const log = openSync(join(folder, 'temporal.log'), 'a');
      const child = spawn(program, args, { detached: true, stdio: ['ignore', log, log] });
      child.unref();
      const identity = child.pid === undefined ? undefined : identityOf(child.pid);
      if (!identity)
        throw new Error(
          `the Temporal server did not start:\n${readFileSync(join(folder, 'temporal.log'), 'utf8')}`,
        );
      recordProcess(folder, 'temporal', identity);
      await untilItAnswers(address, () => isSameProcess(identity), folder);
    },
    kill: async () => {
      const identity = recordedProcess(folder, 'temporal');
      if (!identity) return;
      if (isSameProcess(identity)) signal(identity.pid, 'SIGKILL');
      while (isSameProcess(identity)) await new Promise((resolve) => setTimeout(resolve, 20));
    },
    stop: async () => {
      await server.kill();
      endAndRemove(folder);
      forget?.();
    },
  };
  await server.start();
  return server;
}

/** No deadline of five seconds: a loaded machine may take longer. */
async function untilItAnswers(address: string, alive: () => boolean, folder: string): Promise<void> {
  for (const end = Date.now() + 120_000; Date.now() < end;) {
    if (!alive()) break;
    try {
      const connection = await Connection.connect({ address, connectTimeout: 2_000 });
      try {
        // The search attributes are registered a little after the server answers.
        const { customAttributes } = await connection.operatorService.listSearchAttributes({
          namespace: 'default',
        });
        if (Object.keys(searchAttributes).every((name) => name in customAttributes)) return;
      } finally {
        await connection.close();
      }
    } catch {
      // Not yet.
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(
    `the Temporal server did not come up:\n${readFileSync(join(folder, 'temporal.log'), 'utf8')}`,
  );
}
