import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isSameProcess, signal, type ProcessIdentity } from './processes.js';

/** Records a process that belongs to a sandbox's folder, so that whoever removes the folder ends it too. */
export function recordProcess(folder: string, name: string, identity: ProcessIdentity): void {
  writeFileSync(join(folder, `${name}.pid`), JSON.stringify(identity));
}

/** Undefined when none of this name was recorded. */
export function recordedProcess(folder: string, name: string): ProcessIdentity | undefined {
  const file = join(folder, `${name}.pid`);
  if (!existsSync(file)) return undefined;
  const record: unknown = JSON.parse(readFileSync(file, 'utf8'));
  const { pid, startedAt } = Object(record) as Partial<ProcessIdentity>;
  return pid === undefined || startedAt === undefined ? undefined : { pid, startedAt };
}

/** Ends all of a folder's recorded processes, without waiting for the event loop. */
export function stopRecorded(folder: string): void {
  if (!existsSync(folder)) return;
  for (const file of readdirSync(folder)) {
    if (!file.endsWith('.pid')) continue;
    const identity = recordedProcess(folder, file.slice(0, -'.pid'.length));
    if (identity && isSameProcess(identity)) signal(identity.pid, 'SIGKILL');
  }
}
