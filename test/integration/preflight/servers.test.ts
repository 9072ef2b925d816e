import { afterAll, beforeAll, expect, test } from 'vitest';
import { findFlavour, type SandboxCluster, type SandboxNode } from '../../../sandbox/index.js';
import type { Check } from '../../../src/contract/index.js';
import { newRole, runSql, type Role } from '../../support/roles.js';
import { flavour } from '../../support/stage.js';
import { actingChecks } from '../../../src/activities/preflight/acting.js';
import { readSession } from '../../../src/activities/runtime/context.js';
import { withCoordinator } from '../../../src/citus/session/connect.js';
import { configOf } from '../connect/support.js';
import { asActivity, checkOf, checksOf, preflightOf, startWithOrders } from './support.js';

const isReal = findFlavour(flavour).flavour === 'citus';
let cluster: SandboxCluster;
let worker: SandboxNode;
let mover: Role;
beforeAll(async () => {
  cluster = await startWithOrders();
  worker = cluster.workers[0] ?? cluster.coordinator;
  mover = newRole(cluster, 'mover');
  const owner = newRole(cluster, 'app_owner');
  await cluster.query(`CREATE ROLE app_owner LOGIN PASSWORD '${owner.password}'`);
  await cluster.query('GRANT CREATE ON SCHEMA public TO app_owner');
  await cluster.query('ALTER TABLE orders OWNER TO app_owner');
  await cluster.query(`CREATE ROLE mover LOGIN PASSWORD '${mover.password}' IN ROLE app_owner, pg_monitor`);
});
afterAll(() => cluster.stop());

/** By a member of the tables' owner, who is no superuser; with `user: cluster.user` by the owner of the extension. */
function checks(user: 'mover' | 'superuser' = 'mover'): Promise<Check[]> {
  return preflightOf(cluster, { nodes: [] }, {}, user === 'mover' ? asMover() : {});
}

const asMover = () => ({ user: mover.user, passwordFile: mover.passwordFile });

/** The checks of the acting role alone, which take less time. */
function sessionChecks(user: 'mover' | 'superuser' = 'mover'): Promise<Check[]> {
  const config = configOf(cluster, { coordinator: user === 'mover' ? asMover() : {} });
  const nodes = [cluster.coordinator, ...cluster.workers].map(({ address }) => address);
  const deeds = {
    registers: false,
    deregisters: false,
    cleans: false,
    marks: false,
    moves: true,
    tunes: false,
    isolates: false,
  };
  return asActivity(() =>
    withCoordinator(config, readSession('preflight'), (db) =>
      actingChecks(db, config, 'operator', {
        ...deeds,
        nodes,
        takers: nodes.slice(1),
        atOnce: 2,
        largestBytes: 0,
      }),
    ),
  );
}

/** On one node alone, as a person does it there. */
const locally = (node: SandboxNode, sql: string): Promise<void> =>
  runSql(
    node,
    `SET ROLE NONE; SET default_transaction_read_only = off; SET citus.enable_ddl_propagation = off; ${sql}`,
  );

/** Does what a remedy says, node by node. */
async function follow(remedy: string): Promise<void> {
  for (const part of remedy.split(' — ')) {
    const [, where = '', statements = ''] = /on ([\d.:, ]+): (.*)$/.exec(part) ?? [];
    for (const address of where.split(', ')) {
      const node = [cluster.coordinator, ...cluster.workers].find((each) => each.address === address);
      expect(node, `${address} in ${part}`).toBeDefined();
      if (node) await runSql(node, statements);
    }
  }
}

test.skipIf(!isReal)(
  'what is set for a role or the database and ends or refuses moves is named, and its remedy mends it',
  async () => {
    const local = cluster.database;
    const everyRole = ['mover', 'app_owner', cluster.user];
    const cases: { set: string; undo?: string; severity?: 'warning'; says: RegExp; as?: 'superuser' }[] = [
      {
        set: `ALTER DATABASE ${local} SET statement_timeout = '2s'`,
        says: /statement_timeout = 2s for mover \(as which we act\) \(ALTER DATABASE … SET statement_timeout\)/,
      },
      {
        set: `ALTER ROLE app_owner IN DATABASE ${local} SET statement_timeout = '5s'`,
        says: /statement_timeout = 5s for app_owner \(who owns tables\) \(ALTER ROLE "app_owner" IN DATABASE/,
      },
      {
        set: `ALTER ROLE app_owner SET lock_timeout = '1s'`,
        severity: 'warning',
        says: /lock_timeout = 1s for app_owner/,
      },
      // Its sessions can't be had by who is no superuser: what it was given tells.
      {
        set: `ALTER ROLE ${cluster.user} SET lock_timeout = '1s'`,
        says: /lock_timeout = 1s for postgres \(who owns the extension\)/,
      },
      {
        set: `ALTER ROLE ${cluster.user} SET lock_timeout = 1500`,
        as: 'superuser',
        says: /lock_timeout = 1500ms for postgres \(as which we act\)/,
      },
      {
        set: `ALTER ROLE mover SET idle_session_timeout = '3s'`,
        says: /idle_session_timeout = 3s for mover/,
      },
      { set: `ALTER ROLE mover SET role = app_owner`, says: /mover \(as which we act\) act as app_owner/ },
      {
        set: `ALTER SYSTEM SET default_transaction_read_only = on; SELECT pg_reload_conf()`,
        undo: `ALTER SYSTEM RESET default_transaction_read_only; SELECT pg_reload_conf()`,
        says: /default_transaction_read_only = on for mover .*postgresql\.auto\.conf:\d+/,
      },
      {
        set: `ALTER ROLE mover SET statement_timeout = '10h'`,
        severity: 'warning',
        says: /statement_timeout = 10h/,
      },
    ];
    for (const { set, undo, severity = 'blocker', says, as } of cases) {
      await locally(worker, set);
      const check = checkOf(await sessionChecks(as), 'session-settings');
      expect(check, set).toMatchObject({
        ok: false,
        severity,
        evidence: expect.stringMatching(says) as string,
      });
      expect(check.evidence, set).toContain(worker.address);
      expect(check.evidence, set).not.toContain(cluster.workers[1]?.address);
      await follow(check.remedy?.text ?? '');
      expect(checkOf(await sessionChecks(as), 'session-settings'), `${set}, mended`).toMatchObject({
        ok: true,
      });
      if (undo) await locally(worker, undo);
      await locally(
        worker,
        `${everyRole.map((role) => `ALTER ROLE ${role} RESET ALL; ALTER ROLE ${role} IN DATABASE ${local} RESET ALL`).join('; ')}; ALTER DATABASE ${local} RESET ALL`,
      );
    }
  },
);

test.skipIf(!isReal)('a connection limit below what the moves take is named', async () => {
  await locally(worker, 'ALTER ROLE mover CONNECTION LIMIT 3');
  const check = checkOf(await sessionChecks(), 'connection-limits');
  expect(check).toMatchObject({ ok: false, severity: 'blocker' });
  expect(check.evidence).toContain(`${worker.address}: mover may have 3 connections`);
  await follow(check.remedy?.text ?? '');
  expect(checkOf(await sessionChecks(), 'connection-limits').ok).toBe(true);
  await locally(worker, 'ALTER ROLE mover CONNECTION LIMIT -1');
});

test.skipIf(!isReal)('a login that a node refuses is called that, with the reason', async () => {
  await locally(worker, `ALTER ROLE app_owner PASSWORD 'another'; ALTER ROLE mover PASSWORD 'another'`);
  const all = await checks();
  expect(checkOf(all, 'nodes-active').evidence).toMatch(
    /runs and refuses the coordinator's login: password authentication failed for user "mover"/,
  );
  const bySuperuser = checksOf(await checks('superuser'), 'owner-rights')[0]?.evidence;
  expect(bySuperuser).toMatch(
    /could not log in as app_owner .*: password authentication failed for user "app_owner"/,
  );
});
