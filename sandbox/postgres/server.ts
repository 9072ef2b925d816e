import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { childrenOf, commandLineOf, identityOf, signal } from '../os/processes.js';
import { serverUser } from '../os/server-user.js';
import type { Binaries } from './binaries.js';

/** How a server is told to stop: wait for clients, end their sessions, or crash on purpose. */
export type StopMode = 'smart' | 'fast' | 'immediate';
const stopSignals = { smart: 'SIGTERM', fast: 'SIGINT', immediate: 'SIGQUIT' } as const;

/** Starts a server that outlives us. It writes its log to `server.log` beside the data folder. */
export function launch(binaries: Binaries, dataFolder: string, passwordFile?: string): void {
  const log = openSync(logOf(dataFolder), 'a');
  const child = spawn(binaries.postgres, ['-D', dataFolder], {
    ...serverUser(),
    cwd: dataFolder,
    // A session of its own, so that Ctrl-C in our terminal does not reach it before we decide.
    detached: true,
    stdio: ['ignore', log, log],
    env: {
      ...binaries.env,
      PATH: '/usr/bin:/bin',
      LC_ALL: 'C',
      ...(passwordFile === undefined ? {} : { PGPASSFILE: passwordFile }),
    },
  });
  child.on('error', () => undefined);
  child.unref();
  closeSync(log);
}

/** The postmaster's id, while it runs on this data folder. */
export function runningPid(dataFolder: string): number | undefined {
  const pid = Number(readIfThere(join(dataFolder, 'postmaster.pid')).split('\n')[0]);
  // A crash leaves the file, and its id may be somebody else's by now.
  return pid > 0 && `${commandLineOf(pid)} `.includes(` -D ${dataFolder} `) ? pid : undefined;
}

/** Ends a server and all its sessions at once, as a power cut would. */
export async function killServer(dataFolder: string): Promise<void> {
  const killed = signalAll(dataFolder, 'SIGKILL');
  // All of them: one that is still dying answers connections, and keeps the server from starting again.
  await within(5000, () => killed.every((pid) => identityOf(pid) === undefined));
}

/** Sends a signal to the server and every process of it. Returns their ids. */
export function signalAll(dataFolder: string, name: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): number[] {
  const pid = runningPid(dataFolder);
  if (pid === undefined) return [];
  // Stopped first, it starts no process while we look.
  signal(pid, 'SIGSTOP');
  const all = [...childrenOf(pid), pid];
  for (const each of all) signal(each, name);
  return all;
}

/** Stops a server. */
export async function stopServer(dataFolder: string, mode: StopMode): Promise<void> {
  const pid = runningPid(dataFolder);
  if (pid === undefined) return;
  signal(pid, stopSignals[mode]);
  signalAll(dataFolder, 'SIGCONT');
  const stopped = (): boolean => runningPid(dataFolder) === undefined;
  if (!(await within(mode === 'smart' ? 60_000 : 20_000, stopped))) await killServer(dataFolder);
}

/** Whether it came true within so many milliseconds. */
async function within(milliseconds: number, test: () => boolean): Promise<boolean> {
  for (const deadline = Date.now() + milliseconds; Date.now() < deadline;) {
    if (test()) return true;
    await sleep(20);
  }
  return false;
}

/** The end of a server's log, for messages. */
export function logTail(dataFolder: string, lines = 15): string {
  return readIfThere(logOf(dataFolder)).trimEnd().split('\n').slice(-lines).join('\n');
}

/** A server may remove its files at any moment. */
function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function logOf(dataFolder: string): string {
  return join(dirname(dataFolder), 'server.log');
}
