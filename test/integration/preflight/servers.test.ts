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
function sessionChecks(user: 'mover' | 'superuser' = 'mover', largestBytes = 0): Promise<Check[]> {
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
        largestBytes,
        online: true,
        capacities: [],
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

test.skipIf(!isReal)(
  'what waits, fires or is limited on a server is named, and its remedy mends it',
  async () => {
    const cases: { set: string; undo?: string; id: string; severity: string; says: RegExp }[] = [
      {
        set: 'ALTER ROLE mover CONNECTION LIMIT 3',
        undo: 'ALTER ROLE mover CONNECTION LIMIT -1',
        id: 'connection-limits',
        severity: 'blocker',
        says: /mover may have 3 connections .* 2 moves at once take 4/,
      },
      {
        set: `ALTER DATABASE ${cluster.database} CONNECTION LIMIT 5`,
        undo: `ALTER DATABASE ${cluster.database} CONNECTION LIMIT -1`,
        id: 'connection-limits',
        severity: 'blocker',
        says: /app takes 5 connections .* 2 moves at once take 6/,
      },
      {
        set: `ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 (gone, lost)'; SELECT pg_reload_conf()`,
        id: 'synchronous-standbys',
        severity: 'blocker',
        says: /'ANY 1 \(gone, lost\)', and 0 of 1 such standbys are there/,
      },
      {
        set: `CREATE FUNCTION no_ddl() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''no DDL here''; END';
        CREATE EVENT TRIGGER keep_out ON ddl_command_start WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION no_ddl()`,
        undo: 'DROP EVENT TRIGGER keep_out; DROP FUNCTION no_ddl()',
        id: 'event-triggers',
        severity: 'blocker',
        says: /making a table fails: [\d.:]+: no DDL here; .* keep_out \(ddl_command_start, public\.no_ddl\)/,
      },
      {
        set: `CREATE FUNCTION note_ddl() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
        CREATE EVENT TRIGGER noted ON ddl_command_end EXECUTE FUNCTION note_ddl()`,
        undo: 'DROP EVENT TRIGGER noted; DROP FUNCTION note_ddl()',
        id: 'event-triggers',
        severity: 'warning',
        says: /noted \(ddl_command_end, public\.note_ddl\)/,
      },
    ];
    for (const { set, undo, id, severity, says } of cases) {
      await locally(worker, set);
      const check = checkOf(await sessionChecks(), id);
      expect(check, set).toMatchObject({
        ok: false,
        severity,
        evidence: expect.stringMatching(says) as string,
      });
      expect(check.evidence, set).toContain(worker.address);
      await follow(check.remedy?.text ?? '');
      expect(checkOf(await sessionChecks(), id), `${set}, mended`).toMatchObject({ ok: true });
      if (undo) await locally(worker, undo);
    }
  },
);

test.skipIf(!isReal)('what a move would cost others is said before', async () => {
  await worker.query(`SELECT pg_create_logical_replication_slot('warehouse', 'pgoutput')`);
  await locally(worker, `ALTER SYSTEM SET max_slot_wal_keep_size = '64MB'; SELECT pg_reload_conf()`);
  await locally(
    cluster.coordinator,
    `CREATE FUNCTION pg_catalog.citus_cluster_changes_block_status(OUT state text, OUT block_start_time timestamptz, OUT timeout_ms int)
     LANGUAGE sql AS $$ SELECT 'active', now(), 300000 $$`,
  );
  const checks = await sessionChecks('mover', 1e9);
  expect(checkOf(checks, 'cluster-changes')).toMatchObject({ ok: false, severity: 'blocker' });
  expect(checkOf(checks, 'cluster-changes').evidence).toMatch(
    /a backup holds cluster changes .* for 5 min at most/,
  );
  expect(checkOf(checks, 'change-consumers').evidence).toContain(`${worker.address}: warehouse`);
  expect(checkOf(checks, 'wal-room')).toMatchObject({ ok: false, severity: 'warning' });
  expect(checkOf(checks, 'wal-room').evidence).toMatch(
    /max_slot_wal_keep_size = 67 MB, and up to 1\.0 GB of WAL/,
  );
  await worker.query(`SELECT pg_drop_replication_slot('warehouse')`);
  await locally(worker, 'ALTER SYSTEM RESET max_slot_wal_keep_size; SELECT pg_reload_conf()');
  await locally(cluster.coordinator, 'DROP FUNCTION pg_catalog.citus_cluster_changes_block_status()');
  const quiet = await sessionChecks();
  expect(quiet.filter(({ id }) => id === 'cluster-changes' || id === 'change-consumers')).toEqual([]);
  expect(checkOf(quiet, 'wal-room').ok).toBe(true);
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
