import { chownSync, readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** The OS user that PostgreSQL runs as when we are root, which PostgreSQL refuses to be. */
export interface ServerUser {
  uid: number;
  gid: number;
}

/** Undefined: servers run as whoever we are. */
export function serverUser(): ServerUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  // It has to be in the user database: initdb looks its name up.
  const users = readFileSync('/etc/passwd', 'utf8').split('\n');
  const entry =
    users.find((line) => line.startsWith('postgres:')) ?? users.find((line) => line.startsWith('nobody:'));
  const [, , uid, gid] = entry?.split(':') ?? [];
  if (uid === undefined || gid === undefined)
    throw new Error('PostgreSQL does not run as root, and there is no user "postgres" or "nobody"');
  return { uid: Number(uid), gid: Number(gid) };
}

/** Gives a file or folder (not what is in it) to the servers. */
export function giveToServers(path: string): void {
  const user = serverUser();
  if (user) chownSync(path, user.uid, user.gid);
}

/** Whether the servers can enter this folder: each folder above has to let them through (a home folder often does not). */
export function serversCanReach(folder: string): boolean {
  const user = serverUser();
  if (!user) return true;
  for (let path = folder; ; path = dirname(path)) {
    const { mode, uid } = statSync(path);
    if ((mode & 0o001) === 0 && !(uid === user.uid && (mode & 0o100) !== 0)) return false;
    if (path === dirname(path)) return true;
  }
}
