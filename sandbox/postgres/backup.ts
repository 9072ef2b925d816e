import { chownSync, copyFileSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withClient, type Login } from './query.js';

/** Folders of a data folder whose files no other server needs. */
const emptied = [
  'pg_dynshmem',
  'pg_notify',
  'pg_replslot',
  'pg_serial',
  'pg_snapshots',
  'pg_stat_tmp',
  'pg_subtrans',
  'pg_wal',
];
const left = ['postmaster.pid', 'postmaster.opts', 'backup_label'];

/**
 * Copies the data folder of a server while it runs, as one from which a standby can start: what pg_basebackup does, which
 * isn't among the packaged binaries. A replication slot keeps the WAL that the standby still needs.
 */
export async function backUp(login: Login, from: string, to: string, slot: string): Promise<void> {
  await withClient(login, async (client) => {
    await client.query('SELECT pg_create_physical_replication_slot($1, true)', [slot]);
    await client.query(`SELECT pg_backup_start($1, true)`, [slot]);
    copyFolder(from, to, emptied);
    const { rows } = await client.query<{ label: string }>(
      'SELECT labelfile AS label FROM pg_backup_stop(false)',
    );
    write(join(to, 'backup_label'), rows[0]?.label ?? '', from);
  });
}

/** Has a copied server start as a standby of another. */
export function followOf(dataFolder: string, conninfo: string, slot: string): void {
  write(join(dataFolder, 'standby.signal'), '', dataFolder);
  write(
    join(dataFolder, 'postgresql.auto.conf'),
    `primary_conninfo = '${conninfo}'\nprimary_slot_name = '${slot}'\n`,
    dataFolder,
  );
}

function copyFolder(from: string, to: string, without: readonly string[] = []): void {
  mkdirSync(to, { mode: 0o700, recursive: true });
  giveLike(from, to);
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (left.includes(entry.name)) continue;
    if (entry.isDirectory()) {
      if (without.includes(entry.name)) {
        mkdirSync(target, { mode: 0o700 });
        giveLike(from, target);
      } else copyFolder(source, target);
    } else if (entry.isFile()) copyFile(source, target);
  }
}

/** A running server removes files at any moment: what it no longer has, the WAL says. */
function copyFile(source: string, target: string): void {
  try {
    copyFileSync(source, target);
    giveLike(source, target);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
}

function write(path: string, text: string, owner: string): void {
  writeFileSync(path, text, { mode: 0o600 });
  giveLike(owner, path);
}

function giveLike(model: string, path: string): void {
  const { uid, gid } = statSync(model);
  if (process.getuid?.() === 0) chownSync(path, uid, gid);
}
