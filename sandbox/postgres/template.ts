import { createHash, randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  chmodSync,
} from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import pg from 'pg';
import type { Flavour } from '../flavour.js';
import { pgConfig } from '../flavour.js';
import { serverCache } from '../os/places.js';
import { freePort } from '../os/ports.js';
import { giveToServers, serverUser } from '../os/server-user.js';
import { standInScript, writeStandIn } from '../stand-in/extension.js';
import type { Binaries } from './binaries.js';
import { query, type Login } from './query.js';
import { untilReady } from './ready.js';
import { killServer, launch, stopServer } from './server.js';
import { settingsText } from './settings.js';

/** A stopped server's data folder to copy, so that only the first cluster pays for initdb and CREATE EXTENSION. */
export interface Template {
  dataFolder: string;
  /** Stand-in: what `extension_control_path` names. */
  extensionFolder: string;
  /** The superuser's password in it; every copy gets its own at once. */
  password: string;
}

/** The role that owns a server. */
export const superuser = 'postgres';

/** Raised when what a template holds changes otherwise than by the inputs of its name. */
const templateVersion = '4';

/** The data folder that nodes are copies of, made once. */
export async function template(flavour: Flavour, database: string, binaries: Binaries): Promise<Template> {
  const folder = join(serverCache(), `${flavour}-${fingerprint(flavour, database, binaries)}`);
  if (!existsSync(folder)) {
    const half = mkdtempSync(`${folder}-`);
    try {
      await build(half, flavour, database, binaries);
      // Whoever comes second finds the name taken, which is as good.
      if (!existsSync(folder)) renameSync(half, folder);
    } finally {
      rmSync(half, { recursive: true, force: true });
    }
  }
  return describe(folder);
}

function describe(folder: string): Template {
  const password = join(folder, 'password');
  return {
    dataFolder: join(folder, 'data'),
    extensionFolder: folder,
    password: existsSync(password) ? readFileSync(password, 'utf8') : '',
  };
}

function fingerprint(flavour: Flavour, database: string, binaries: Binaries): string {
  const control = join(pgConfig('--sharedir') ?? '', 'extension', 'citus.control');
  const extension = flavour === 'citus' ? readFileSync(control, 'utf8') : standInScript();
  const parts = [templateVersion, database, binaries.version, extension, String(serverUser()?.uid)];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 12);
}

async function build(folder: string, flavour: Flavour, database: string, binaries: Binaries): Promise<void> {
  chmodSync(folder, 0o755);
  const { dataFolder, extensionFolder, password: _ } = describe(folder);
  const password = randomBytes(12).toString('hex');
  mkdirSync(dataFolder, { mode: 0o700 });
  giveToServers(dataFolder);
  if (flavour === 'stand-in') writeStandIn(folder);
  await initdb(folder, dataFolder, password, binaries);
  const port = await freePort();
  const settings = settingsText({ flavour, port, extensionFolder, extra: {} });
  writeFileSync(join(dataFolder, 'postgresql.conf'), settings);
  launch(binaries, dataFolder);
  try {
    await fill({ host: '127.0.0.1', port, database, user: superuser, password }, dataFolder, flavour);
    await stopServer(dataFolder, 'fast');
  } finally {
    await killServer(dataFolder);
  }
  // Creating the real extension turns TLS on with ALTER SYSTEM.
  writeFileSync(join(dataFolder, 'postgresql.auto.conf'), '');
  writeFileSync(join(folder, 'password'), password, { mode: 0o600 });
}

async function initdb(
  folder: string,
  dataFolder: string,
  password: string,
  binaries: Binaries,
): Promise<void> {
  const passwordFile = join(folder, 'pwfile');
  writeFileSync(passwordFile, password, { mode: 0o600 });
  giveToServers(passwordFile);
  const options = [
    '--auth=scram-sha-256',
    `--pwfile=${passwordFile}`,
    '--encoding=UTF8',
    '--locale=C',
    '--no-sync',
  ];
  await execa(binaries.initdb, ['-D', dataFolder, '-U', superuser, ...options], {
    ...serverUser(),
    cwd: dataFolder,
    env: { ...binaries.env, LC_ALL: 'C' },
  });
  rmSync(passwordFile);
}

async function fill(login: Login, dataFolder: string, flavour: Flavour): Promise<void> {
  const maintenance = { ...login, database: 'template1' };
  await untilReady(maintenance, dataFolder);
  if (flavour === 'stand-in') {
    // Here, so that every database has them: a script of an extension may not create extensions.
    await query(maintenance, 'CREATE SCHEMA stand_in');
    await query(maintenance, 'CREATE EXTENSION dblink SCHEMA stand_in');
    await query(maintenance, 'CREATE EXTENSION postgres_fdw SCHEMA stand_in');
  }
  await query(maintenance, `CREATE DATABASE ${pg.escapeIdentifier(login.database)}`);
  await query(login, 'CREATE EXTENSION citus');
}
