import { lstatSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { serversIn } from '../cluster/layout.js';
import { stopServersNow } from '../postgres/stop-now.js';
import { folderPrefix } from './places.js';
import { isSameProcess } from './processes.js';
import { stopRecorded } from './process-record.js';
import { ownerOf, removeSandboxFolder } from './sandbox-folder.js';

/** A folder without an owner's name may be one that somebody makes at this moment. Milliseconds. */
const benefitOfDoubt = 60_000;

/** Ends and removes what sandboxes left behind whose owner was killed. Never touches what belongs to someone who lives. */
export function sweepLeftovers(): void {
  for (const entry of readdirSync(dirname(folderPrefix))) {
    if (!entry.startsWith(basename(folderPrefix))) continue;
    try {
      sweep(join(dirname(folderPrefix), entry));
    } catch {
      // Somebody else sweeps the same folder, or it vanished.
    }
  }
}

function sweep(entry: string): void {
  const stat = lstatSync(entry);
  if (stat.uid !== process.getuid?.()) return;
  const folder = targetOf(entry);
  if (folder === undefined) {
    rmSync(entry);
    return;
  }
  const owner = ownerOf(folder);
  if (owner === null || (owner && isSameProcess(owner))) return;
  if (owner === undefined && Date.now() - stat.mtimeMs < benefitOfDoubt) return;
  endAndRemove(folder);
  rmSync(entry, { recursive: true, force: true });
}

/** Ends a sandbox on a person's word. @throws when there is none in the folder: whatever else is there stays */
export function endSandbox(folder: string): void {
  if (ownerOf(folder) === undefined)
    throw new Error(`${folder} is not the folder of a sandbox: nothing in it was ended or removed`);
  endAndRemove(folder);
}

/** Ends whatever runs in a sandbox's folder, without waiting for the event loop, and removes it. */
export function endAndRemove(folder: string): void {
  stopServersNow(serversIn(folder));
  stopRecorded(folder);
  removeSandboxFolder(folder);
}

/** Undefined for a link whose folder is gone. */
function targetOf(entry: string): string | undefined {
  try {
    return realpathSync(entry);
  } catch {
    return undefined;
  }
}
