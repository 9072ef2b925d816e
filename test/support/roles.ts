import { randomBytes } from 'node:crypto';
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { findFlavour, pgConfig } from '../../sandbox/flavour.js';
import type { SandboxCluster, SandboxNode } from '../../sandbox/index.js';
import { cli } from '../../sandbox/worker.js';
import { flavour } from './stage.js';

/** Why the tests of roles without superuser don't run here; undefined: they do. */
export const noRoles =
  findFlavour(flavour).flavour === 'citus' ? undefined : 'the stand-in acts as a superuser everywhere';

export interface Role {
  user: string;
  password: string;
  passwordFile: string;
}

export interface Roles {
  operator: Role;
  observer: Role;
  /** Owns all tables. */
  owner: Role;
  /** Prepares a server for registration, as docs/roles.md says. */
  prepare: (node: SandboxNode) => Promise<void>;
  /** Runs the coordinator's part once more. */
  prepareCoordinator: () => Promise<void>;
}

const tables = ['tenants', 'orders', 'events', 'plans'];

/**
 * Makes both roles by what `citus-scaler init --print-grants` prints, for tables that a role of their own owns. All
 * log in with a password, nodes to each other too, so the servers' password file gets a line for each.
 */
export async function makeRoles(cluster: SandboxCluster): Promise<Roles> {
  const owner = newRole(cluster, 'app_owner');
  await cluster.query(`CREATE ROLE app_owner LOGIN PASSWORD '${owner.password}'`);
  await cluster.query('GRANT CREATE ON SCHEMA public TO app_owner');
  for (const table of tables) await cluster.query(`ALTER TABLE ${table} OWNER TO app_owner`);
  const operator = newRole(cluster, 'citus_scaler');
  const observer = newRole(cluster, 'citus_viewer');

  const nodes = [cluster.coordinator, ...cluster.workers];
  const prepareCoordinator = async (): Promise<void> =>
    runSql(cluster.coordinator, await printed(cluster, 'coordinator'));
  await prepareCoordinator();
  for (const node of nodes) await runSql(node, await printed(cluster, 'node'));
  for (const { user, password } of [operator, observer])
    await cluster.query(`ALTER ROLE ${user} PASSWORD '${password}'`);
  return {
    operator,
    observer,
    owner,
    prepareCoordinator,
    prepare: async (node) => {
      await runSql(node, await printed(cluster, 'node'));
      await node.query(`ALTER ROLE ${operator.user} PASSWORD '${operator.password}'`);
    },
  };
}

/** A role that is yet to be made, with a password that the servers know too. */
export function newRole({ folder, passwordFile }: SandboxCluster, user: string): Role {
  const password = randomBytes(12).toString('hex');
  appendFileSync(passwordFile, `127.0.0.1:*:*:${user}:${password}\nlocalhost:*:*:${user}:${password}\n`);
  const file = join(folder, `password-${user}`);
  writeFileSync(file, password, { mode: 0o600 });
  return { user, password, passwordFile: file };
}

async function printed({ database }: SandboxCluster, where: 'coordinator' | 'node'): Promise<string> {
  const options = ['--database', database, '--owner', 'app_owner', '--grants-for', where];
  const { stdout } = await execa(process.execPath, [
    ...['--import', import.meta.resolve('tsx'), cli],
    ...['init', '--print-grants', ...options],
  ]);
  return stdout;
}

/** As a person does it: psql sends one statement after another, which Citus wants. */
export async function runSql({ login }: SandboxNode, sql: string): Promise<void> {
  const psql = join(pgConfig('--bindir') ?? '', 'psql');
  const { host, port, user, database, password } = login;
  const where = ['-h', host, '-p', String(port), '-U', user, '-d', database];
  await execa(psql, ['-X', '-q', '-v', 'ON_ERROR_STOP=1', ...where], {
    input: sql,
    env: { PGPASSWORD: password, PGOPTIONS: '-c client_min_messages=warning' },
  });
}
