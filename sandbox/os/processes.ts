import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** A process id with the moment it started: ids are used again, the pair is not. */
export interface ProcessIdentity {
  pid: number;
  startedAt: string;
}

const linux = process.platform === 'linux';

/** Undefined when there is no such process, or only its unreaped remains. */
export function identityOf(pid: number): ProcessIdentity | undefined {
  const startedAt = linux ? linuxStartTime(pid) : ps(pid, 'lstart');
  return startedAt === undefined ? undefined : { pid, startedAt };
}

/** Whether the process is still the one that was recorded. */
export function isSameProcess(identity: ProcessIdentity): boolean {
  return identityOf(identity.pid)?.startedAt === identity.startedAt;
}

/** Empty when the process is gone. */
export function commandLineOf(pid: number): string {
  if (!linux) return ps(pid, 'command') ?? '';
  return readProc(`/proc/${pid}/cmdline`)?.replaceAll('\0', ' ') ?? '';
}

/** Ids of a process's children. */
export function childrenOf(parent: number): number[] {
  return linux ? linuxChildren(parent) : psChildren(parent);
}

/** Sends a signal; a process that is gone already is fine. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

/** Fields after the command's name, which may itself hold blanks and brackets: state, parent, …, start time (20th). */
function linuxStat(pid: number): string[] | undefined {
  const stat = readProc(`/proc/${pid}/stat`);
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function linuxStartTime(pid: number): string | undefined {
  const fields = linuxStat(pid);
  return fields === undefined || fields[0] === 'Z' ? undefined : fields[19];
}

function linuxChildren(parent: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => linuxStat(pid)?.[1] === String(parent));
}

function psChildren(parent: number): number[] {
  return execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' })
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .flatMap(([pid, ppid]) => (ppid === parent && pid !== undefined ? [pid] : []));
}

function ps(pid: number, field: string): string | undefined {
  try {
    return (
      execFileSync('ps', ['-o', `${field}=`, '-p', String(pid)], { encoding: 'utf8' }).trim() || undefined
    );
  } catch {
    return undefined;
  }
}

function readProc(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
