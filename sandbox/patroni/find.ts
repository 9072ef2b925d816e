import { execFileSync } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { findFlavour } from '../flavour.js';
import { serversCanReach } from '../os/server-user.js';

/** The programs that a cluster with Patroni takes. */
export interface PatroniPrograms {
  patroni: string;
  etcd: string;
}

/** Patroni with etcd as its store, and real Citus; else why a cluster with Patroni can't be started here. */
export function findPatroni(): PatroniPrograms | { missing: string } {
  const patroni = onPath('patroni', process.env['PATRONI']);
  const etcd = onPath('etcd');
  if (patroni === undefined || etcd === undefined)
    return {
      missing: `${patroni === undefined ? 'patroni' : 'etcd'} is not on PATH (pip install 'patroni[etcd3,psycopg3]'; apt-get install etcd-server)`,
    };
  if (findFlavour().flavour !== 'citus') return { missing: 'Patroni needs real Citus' };
  const python = /^#!(\S+)/.exec(execFileSync('head', ['-n', '1', patroni], { encoding: 'utf8' }))?.[1];
  for (const program of [patroni, ...(python === undefined ? [] : [realpathSync(python)])])
    if (!serversCanReach(dirname(program)))
      return { missing: `PostgreSQL runs as another user, who cannot enter ${dirname(program)}` };
  return { patroni, etcd };
}

function onPath(name: string, chosen?: string): string | undefined {
  const places = (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, name));
  return [...(chosen === undefined ? [] : [chosen]), ...places].find((file) => existsSync(file));
}
