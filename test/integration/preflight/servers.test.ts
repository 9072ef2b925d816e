import { afterAll, beforeAll, expect, test } from 'vitest';
import { findFlavour, type SandboxCluster, type SandboxNode } from '../../../sandbox/index.js';
import type { Check } from '../../../src/contract/index.js';
import { follow } from '../../support/follow-remedy.js';
import { mapPort, startPooler } from '../../support/in-between.js';
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
function sessionChecks(
  user: 'mover' | 'superuser' = 'mover',
  largestBytes = 0,
  workers = cluster.workers.map(({ address }) => address),
): Promise<Check[]> {
  const config = configOf(cluster, { coordinator: user === 'mover' ? asMover() : {} });
  const nodes = [cluster.coordinator.address, ...workers];
  const deeds = {
    registers: false,
    deregisters: false,
    cleans: false,
    marks: false,
    moves: true,
    tunes: false,
    isolates: false,
    holds: false,
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

/** What is set on one worker, and what the check must say of it. */
interface Case {
  set: string[];
  as?: 'superuser';
  id: string;
  severity?: 'warning';
  /** Bytes of the largest shard group. */
  largest?: number;
  says: RegExp[];
  undo?: string;
}

/** Sets it all, expects the check to name it on that worker alone, and follows the remedy until the check passes. */
async function tryCase({ set, as, id, severity, largest, says, undo }: Case): Promise<void> {
  await locally(worker, set.join('; '));
  const check = checkOf(await sessionChecks(as, largest), id);
  expect(check).toMatchObject({ ok: false, severity: severity ?? 'blocker' });
  for (const text of says) expect(check.evidence).toMatch(text);
  expect(check.evidence).toContain(worker.address);
  expect(check.evidence).not.toContain(cluster.workers[1]?.address);
  await follow(cluster, check.remedy?.text ?? '');
  expect(checkOf(await sessionChecks(as, largest), id), `${set.join('; ')}, mended`).toMatchObject({
    ok: true,
  });
  if (undo !== undefined) await locally(worker, undo);
}

test.skipIf(!isReal)(
  'what is set for a role, the database or a server and ends or refuses moves is named, and its remedy mends it',
  async () => {
    const { database, user } = cluster;
    const id = 'session-settings';
    const reset = `ALTER DATABASE ${database} RESET ALL; ${['mover', 'app_owner', user].map((role) => `ALTER ROLE ${role} RESET ALL; ALTER ROLE ${role} IN DATABASE ${database} RESET ALL`).join('; ')}`;
    await tryCase({
      set: [
        `ALTER DATABASE ${database} SET statement_timeout = '2s'`,
        `ALTER ROLE app_owner IN DATABASE ${database} SET statement_timeout = '5s'`,
        `ALTER ROLE app_owner SET lock_timeout = '1s'`,
        // Its sessions can't be had by who is no superuser: what it was given tells.
        `ALTER ROLE ${user} SET lock_timeout = 1500`,
        `ALTER ROLE mover SET idle_session_timeout = '3s'`,
        'ALTER SYSTEM SET default_transaction_read_only = on; SELECT pg_reload_conf()',
      ],
      id,
      says: [
        /statement_timeout = 2s for mover \(as which we act\) \(ALTER DATABASE … SET statement_timeout\)/,
        /statement_timeout = 5s for app_owner \(who owns tables\) \(ALTER ROLE "app_owner" IN DATABASE/,
        /lock_timeout = 1s for app_owner/,
        /lock_timeout = 1500 for postgres \(who owns the extension\) \(ALTER ROLE "postgres" SET/,
        /idle_session_timeout = 3s for mover/,
        /default_transaction_read_only = on for mover .*postgresql\.auto\.conf:\d+/,
      ],
      undo: `ALTER SYSTEM RESET default_transaction_read_only; SELECT pg_reload_conf(); ${reset}`,
    });
    await tryCase({
      set: ['ALTER ROLE mover SET role = app_owner'],
      id,
      says: [/mover \(as which we act\) act as app_owner/],
    });
    await tryCase({
      set: [
        `ALTER ROLE app_owner SET temp_file_limit = '1MB'`,
        `ALTER ROLE mover SET temp_file_limit = '1TB'`,
      ],
      id,
      severity: 'warning',
      largest: 1e9,
      says: [
        /^\S+: temp_file_limit = 1MB for app_owner [^;]*: an index build [^;]*; the largest shard group has 1\.0 GB$/,
      ],
      undo: reset,
    });
    await tryCase({
      set: [`ALTER ROLE ${user} SET statement_timeout = '10h'`],
      as: 'superuser',
      id,
      severity: 'warning',
      says: [/statement_timeout = 10h for postgres \(as which we act\)/],
      undo: reset,
    });
  },
);

test.skipIf(!isReal)(
  'what waits, fires or is limited on a server is named, and its remedy mends it',
  async () => {
    const { database } = cluster;
    await tryCase({
      set: ['ALTER ROLE mover CONNECTION LIMIT 3', `ALTER DATABASE ${database} CONNECTION LIMIT 5`],
      id: 'connection-limits',
      says: [
        /mover may have 3 connections .* 2 moves at once take 4/,
        /app takes 5 connections .* 2 moves at once take 6/,
      ],
      undo: `ALTER ROLE mover CONNECTION LIMIT -1; ALTER DATABASE ${database} CONNECTION LIMIT -1`,
    });
    await tryCase({
      set: [`ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 (gone, lost)'; SELECT pg_reload_conf()`],
      id: 'synchronous-standbys',
      says: [/'ANY 1 \(gone, lost\)', and 0 of 1 such standbys are there/],
    });
    await locally(
      worker,
      `CREATE FUNCTION no_ddl() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''no DDL here''; END'`,
    );
    await locally(worker, `CREATE FUNCTION note_ddl() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'`);
    const trigger = (name: string, calls: string) =>
      `CREATE EVENT TRIGGER ${name} ON ddl_command_start WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION ${calls}()`;
    await tryCase({
      set: [trigger('keep_out', 'no_ddl')],
      id: 'event-triggers',
      says: [/making a table fails: [\d.:]+: no DDL here; .* keep_out \(ddl_command_start, public\.no_ddl\)/],
      undo: 'DROP EVENT TRIGGER keep_out; DROP FUNCTION no_ddl()',
    });
    await tryCase({
      set: [trigger('noted', 'note_ddl')],
      id: 'event-triggers',
      severity: 'warning',
      says: [/noted \(ddl_command_start, public\.note_ddl\)/],
      undo: 'DROP EVENT TRIGGER noted; DROP FUNCTION note_ddl()',
    });
  },
);

test.skipIf(!isReal)('what a move would cost others is said before', async () => {
  await worker.query(`SELECT pg_create_logical_replication_slot('warehouse', 'pgoutput')`);
  await locally(worker, `ALTER SYSTEM SET max_slot_wal_keep_size = '64MB'; SELECT pg_reload_conf()`);
  await locally(
    cluster.coordinator,
    `CREATE FUNCTION pg_catalog.citus_cluster_changes_block_status(OUT state text, OUT block_start_time timestamptz, OUT timeout_ms int)
     LANGUAGE sql AS $$ SELECT 'active', now(), 300000 $$;
     CREATE FUNCTION pg_catalog.citus_cluster_changes_unblock() RETURNS void LANGUAGE plpgsql
     AS $$ BEGIN DROP FUNCTION pg_catalog.citus_cluster_changes_block_status(); END $$`,
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
  await follow(cluster, checkOf(checks, 'cluster-changes').remedy?.text ?? '');
  await locally(cluster.coordinator, 'DROP FUNCTION pg_catalog.citus_cluster_changes_unblock()');
  const quiet = await sessionChecks();
  expect(quiet.filter(({ id }) => id === 'cluster-changes' || id === 'change-consumers')).toEqual([]);
  expect(checkOf(quiet, 'wal-room').ok).toBe(true);
});

test.skipIf(!isReal)(
  'a node that can’t log in to others is named, with the reason, and a coordinator that can’t to itself',
  async () => {
    await locally(
      worker,
      `ALTER SYSTEM SET citus.node_conninfo = 'sslmode=require'; SELECT pg_reload_conf()`,
    );
    await locally(
      cluster.coordinator,
      `ALTER SYSTEM SET citus.local_hostname = '127.0.0.9'; SELECT pg_reload_conf()`,
    );
    const check = checkOf(await sessionChecks('superuser'), 'node-logins');
    await locally(worker, `ALTER SYSTEM RESET citus.node_conninfo; SELECT pg_reload_conf()`);
    await locally(cluster.coordinator, `ALTER SYSTEM RESET citus.local_hostname; SELECT pg_reload_conf()`);
    expect(check).toMatchObject({ ok: false, severity: 'blocker' });
    expect(check.evidence).toContain(
      `${worker.address} can't log in to ${cluster.workers[1]?.address} as ${cluster.user}: server does not support SSL, but SSL was required`,
    );
    expect(check.evidence).not.toContain(`${cluster.workers[1]?.address} can't log in`);
    expect(check.evidence).toMatch(
      /the coordinator can't log in to itself \(127\.0\.0\.9:\d+\) as postgres: .*refused/,
    );
    expect(checkOf(await sessionChecks(), 'node-logins').ok).toBe(true);
  },
);

test.skipIf(!isReal)(
  'a pooler at the port of a node is found, and a port that is only mapped is no hindrance',
  async () => {
    const registerAt = (port: number) =>
      cluster.query('UPDATE pg_dist_node SET nodeport = $1 WHERE nodename = $2 AND groupid = 1', [
        port,
        worker.host,
      ]);
    const mapped = await mapPort(worker);
    await registerAt(mapped.port);
    const passes = checkOf(await sessionChecks('superuser', 0, [`127.0.0.1:${mapped.port}`]), 'node-ports');
    mapped.stop();
    expect(passes).toMatchObject({ ok: true });
    expect(passes.evidence).toContain(`127.0.0.1:${mapped.port} is ${worker.port}`);
    const pooler = await startPooler(cluster, worker);
    if (pooler) {
      await registerAt(pooler.port);
      const check = checkOf(await sessionChecks('superuser', 0, [`127.0.0.1:${pooler.port}`]), 'node-ports');
      await follow(cluster, check.remedy?.text ?? '');
      pooler.stop();
      expect(checkOf(await sessionChecks('superuser'), 'node-ports').ok).toBe(true);
      expect(check).toMatchObject({ ok: false, severity: 'blocker' });
      expect(check.evidence).toContain(
        `127.0.0.1:${pooler.port}: a pooler answers at this port; PostgreSQL itself listens on ${worker.port}`,
      );
    }
    await registerAt(worker.port);
    await cluster.query(
      `INSERT INTO pg_dist_poolinfo SELECT nodeid, $1 FROM pg_dist_node WHERE nodeport = $2`,
      [`host=127.0.0.1 port=${worker.port}`, worker.port],
    );
    const byRow = checkOf(await sessionChecks('superuser'), 'node-ports');
    expect(byRow).toMatchObject({ ok: false, severity: 'blocker' });
    await follow(cluster, byRow.remedy?.text ?? '');
    expect(checkOf(await sessionChecks('superuser'), 'node-ports').ok).toBe(true);
  },
);

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
