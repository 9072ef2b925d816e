import { mkdirSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { serversCanReach, serverUser } from './server-user.js';

const name = 'citus-scaler';

/** The cache of our own user, for such things as the Temporal CLI. */
export function userCache(): string {
  const folder = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), name);
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** The cache that PostgreSQL servers reach too: root's home folder is closed to the user they run as. */
export function serverCache(): string {
  if (!serverUser()) return userCache();
  const folder = `/var/cache/${name}`;
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  return folder;
}

/** Where the folders of running clusters are made. */
function temporaryPlace(): string {
  return serversCanReach(tmpdir()) ? tmpdir() : '/tmp';
}

/** Where processes of sandboxes tell each other which ports they have taken. */
export function portsFolder(): string {
  return join(temporaryPlace(), `${name}-ports`);
}

/** Folders of sandboxes are called this and six random letters, see {@link temporaryPlace}. */
export const folderPrefix = join(temporaryPlace(), `${name}-sandbox-`);
