import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { freePort } from '../os/ports.js';
import { writeAccess } from '../postgres/access.js';
import { backUp, followOf } from '../postgres/backup.js';
import { findBinaries } from '../postgres/binaries.js';
import { settingsText } from '../postgres/settings.js';
import { template } from '../postgres/template.js';
import { newIdentity } from '../postgres/identity.js';
import { nodesFolder, passwordFileOf, readClusterRecord, writeNodeRecord } from './layout.js';
import type { SandboxNode } from './node.js';

/** The node to make. */
export interface NewNode {
  /** `worker-` stands for the next free number. */
  name: string;
  key?: string | undefined;
  port?: number | undefined;
  /** A streaming standby of this server, rather than a server of its own. */
  standbyOf?: SandboxNode | undefined;
}

/**
 * Makes the files of one more server and returns its name. It gets its name last, in one step: a process that is
 * killed in between leaves nothing that looks like a server.
 */
export async function makeNode(folder: string, node: NewNode): Promise<string> {
  const { flavour, database, user, moveSeconds, settings, access } = readClusterRecord(folder);
  const { dataFolder, extensionFolder } = await template(flavour, database, findBinaries(flavour));
  const primary = node.standbyOf;
  mkdirSync(nodesFolder(folder), { recursive: true });
  const half = mkdtempSync(join(nodesFolder(folder), '.new-'));
  try {
    const data = join(half, 'data');
    const port = node.port ?? (await freePort());
    const slot = standbySlot(port);
    if (primary) await backUp(primary.login, primary.dataFolder, data, slot);
    else {
      await execa('cp', ['-R', '-p', dataFolder, data]);
      newIdentity(data);
    }
    const extra = { ...writeAccess(data, access, user), ...settings };
    const text = settingsText({ flavour, port, extensionFolder, moveSeconds, extra });
    writeFileSync(join(data, 'postgresql.conf'), text);
    if (primary) {
      const { host, port: from } = primary;
      const login = `host=${host} port=${from} user=${user} passfile=${passwordFileOf(folder)}`;
      followOf(data, `${login} application_name=${slot}`, slot);
    }
    writeNodeRecord(half, { port, ...(node.key === undefined ? {} : { key: node.key }) });
    await execa('chmod', ['755', half]);
    return nameIt(folder, half, node);
  } finally {
    rmSync(half, { recursive: true, force: true });
  }
}

/** The replication slot of a standby, at the server that it follows. */
export function standbySlot(port: number): string {
  return `standby_${port}`;
}

/** `worker-` becomes the first free of `worker-1`, `worker-2`, …; any other name is taken as it is. */
function nameIt(folder: string, half: string, { name }: { name: string }): string {
  for (let number = 1; ; number++) {
    const candidate = name.endsWith('-') ? `${name}${number}` : name;
    const path = join(nodesFolder(folder), candidate);
    if (existsSync(path)) {
      if (candidate === name) throw new Error(`there is a node ${name} already`);
      continue;
    }
    // Renaming onto a folder that is not empty fails, so two makers never share a name.
    try {
      renameSync(half, path);
      return candidate;
    } catch (error) {
      if (!existsSync(path)) throw error;
    }
  }
}
