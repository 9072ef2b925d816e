import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isSameProcess, signal, type ProcessIdentity } from '../os/processes.js';

/** Where a sandbox's folder records the Temporal server that runs in it. */
export function pidFileOf(folder: string): string {
  return join(folder, 'temporal.pid');
}

export function stopTemporalNow(folder: string): void {
  const running = recordedTemporal(folder);
  if (running && isSameProcess(running)) signal(running.pid, 'SIGKILL');
}

function recordedTemporal(folder: string): ProcessIdentity | undefined {
  if (!existsSync(pidFileOf(folder))) return undefined;
  const record: unknown = JSON.parse(readFileSync(pidFileOf(folder), 'utf8'));
  const { pid, startedAt } = Object(record) as Partial<ProcessIdentity>;
  return pid === undefined || startedAt === undefined ? undefined : { pid, startedAt };
}
