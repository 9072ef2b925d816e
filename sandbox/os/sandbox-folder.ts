import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { folderPrefix } from './places.js';
import { identityOf, type ProcessIdentity } from './processes.js';
import { serversCanReach } from './server-user.js';

/** Who a sandbox's folder belongs to: null when it is meant to outlive the process that made it. */
export type Owner = ProcessIdentity | null;

const ownerFile = 'owner.json';

/**
 * Makes the folder that holds everything of one cluster or one Temporal server, and records who owns it, so that a
 * later start can clean up after an owner that was killed.
 */
export function makeSandboxFolder(options: {
  folder?: string | undefined;
  detached?: boolean | undefined;
}): string {
  const ownPlace = mkdtempSync(folderPrefix);
  const folder = options.folder === undefined ? ownPlace : atOtherPlace(options.folder, ownPlace);
  chmodSync(folder, 0o755);
  const owner: Owner = options.detached ? null : (identityOf(process.pid) ?? null);
  writeFileSync(join(folder, ownerFile), JSON.stringify({ owner }));
  return folder;
}

/** Undefined for a folder that names no owner (yet). */
export function ownerOf(folder: string): Owner | undefined {
  try {
    const record: unknown = JSON.parse(readFileSync(join(folder, ownerFile), 'utf8'));
    return isOwnerRecord(record) ? record.owner : undefined;
  } catch {
    return undefined;
  }
}

export function removeSandboxFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
}

/** Leaves a link where folders are looked for, called after the folder so that it can be told whose it is. */
function atOtherPlace(path: string, ownPlace: string): string {
  const folder = resolve(path);
  mkdirSync(folder, { recursive: true });
  if (!serversCanReach(dirname(folder)))
    throw new Error(`PostgreSQL runs as another user, who cannot enter ${folder}`);
  if (readdirSync(folder).length > 0) throw new Error(`${folder} is not empty`);
  rmSync(ownPlace, { recursive: true });
  symlinkSync(folder, `${ownPlace}-${basename(folder)}`);
  return folder;
}

function isOwnerRecord(value: unknown): value is { owner: Owner } {
  return typeof value === 'object' && value !== null && 'owner' in value;
}
