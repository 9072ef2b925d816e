import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pgConfig } from '../../../sandbox/flavour.js';
import { startCluster, type SandboxCluster, type SandboxNode } from '../../../sandbox/index.js';
import { runPreflight } from '../../../src/activities/preflight/run-preflight.js';
import type { Check } from '../../../src/contract/index.js';
import { follow } from '../../support/follow-remedy.js';
import { makeRoles, noRoles, runSql, type Roles } from '../../support/roles.js';
import { flavour, smallData } from '../../support/stage.js';
import { configOf } from '../connect/support.js';
import { asActivity, checksOf, failing, request } from '../preflight/support.js';

/** From PostgreSQL 16 on each membership says for itself whether it is inherited. */
const saidByMembership = Number(/\d+/.exec(pgConfig('--version') ?? '')?.[0]) >= 16;

describe.skipIf(noRoles !== undefined)(
  `the grants of an operator, one by one (${noRoles ?? 'real Citus'})`,
  () => {
    let cluster: SandboxCluster;
    let roles: Roles;
    let extra: SandboxNode;
    beforeAll(async () => {
      cluster = await startCluster({ workers: 2, flavour });
      await smallData(cluster);
      roles = await makeRoles(cluster);
      extra = await cluster.addNode();
      await roles.prepare(extra);
    });
    afterAll(() => cluster.stop());

    const preflight = async (): Promise<Check[]> => {
      const { user, passwordFile } = roles.operator;
      const config = configOf(cluster, {
        coordinator: { user, passwordFile },
        allowedNodes: ['127.0.0.1:*'],
      });
      return (await asActivity(() => runPreflight(config, request({ nodes: [extra.address] })))).checks;
    };

    test('are enough for a preflight without a complaint, also when they are run once more', async () => {
      expect(failing(await preflight())).toEqual([]);
      const again = await makeAgain(cluster, roles, extra);
      expect(again).toEqual([]);
      expect((await preflight()).find(({ id }) => id === 'role')?.evidence).toContain('is no superuser');
    });

    interface Missing {
      what: string;
      revoke: string;
      /** Default the coordinator. */
      on?: 'worker' | 'new server';
      check: string;
      severity: 'blocker' | 'warning';
      says: RegExp;
      /** Part of the remedy; also what heals, where a node isn't named by `heal`. */
      remedy: string;
      heal?: string;
    }

    const local = 'SET citus.enable_ddl_propagation = off;';
    const missing: Missing[] = [
      {
        what: 'membership in a table owner',
        revoke: 'REVOKE app_owner FROM citus_scaler',
        check: 'owner-rights',
        severity: 'blocker',
        says: /citus_scaler lacks the rights of app_owner \(owner of [\w.]+\)/,
        remedy: 'GRANT "app_owner" TO "citus_scaler"',
      },
      {
        what: 'the inheritance of it',
        revoke: saidByMembership
          ? 'GRANT app_owner TO citus_scaler WITH INHERIT FALSE'
          : 'ALTER ROLE citus_scaler NOINHERIT',
        check: 'owner-rights',
        severity: 'blocker',
        says: /citus_scaler lacks the rights of app_owner/,
        remedy: saidByMembership
          ? 'GRANT "app_owner" TO "citus_scaler" WITH INHERIT TRUE'
          : 'GRANT "app_owner" TO "citus_scaler"; ALTER ROLE "citus_scaler" INHERIT',
      },
      {
        what: 'an owner who may log in',
        revoke: 'ALTER ROLE app_owner NOLOGIN',
        check: 'owner-rights',
        severity: 'blocker',
        says: /app_owner \(owner of [\w.]+\) may not log in/,
        remedy: 'ALTER ROLE "app_owner" LOGIN',
      },
      {
        what: 'an owner as whom nodes can log in to each other',
        revoke: `ALTER ROLE app_owner PASSWORD 'another'`,
        check: 'owner-rights',
        severity: 'blocker',
        says: /the coordinator could not log in as app_owner .*password authentication failed/,
        remedy: 'let nodes log in to each other as this role: pg_hba.conf',
        heal: 'the password',
      },
      {
        what: 'an owner who may create in the schema of the tables',
        revoke: 'REVOKE CREATE ON SCHEMA public FROM app_owner',
        check: 'owner-rights',
        severity: 'blocker',
        says: /app_owner \(owner of [\w.]+\) may not create in the schema public/,
        remedy: 'GRANT CREATE ON SCHEMA "public" TO "app_owner"',
      },
      {
        what: 'that right on one worker only',
        revoke: `${local} REVOKE CREATE ON SCHEMA public FROM app_owner`,
        on: 'worker',
        check: 'owner-rights',
        severity: 'blocker',
        says: /app_owner \(owner of [\w.]+\) may not create in the schema public/,
        remedy: 'GRANT CREATE ON SCHEMA "public" TO "app_owner"',
      },
      {
        what: 'pg_monitor',
        revoke: 'REVOKE pg_monitor FROM citus_scaler',
        check: 'monitor-rights',
        severity: 'warning',
        says: /citus_scaler lacks the rights of pg_monitor/,
        remedy: 'GRANT pg_monitor TO "citus_scaler"',
      },
      ...(saidByMembership
        ? [
            {
              what: 'the inheritance of pg_monitor',
              revoke: 'GRANT pg_monitor TO citus_scaler WITH INHERIT FALSE',
              check: 'monitor-rights',
              severity: 'warning',
              says: /citus_scaler lacks the rights of pg_monitor/,
              remedy: 'GRANT pg_monitor TO "citus_scaler" WITH INHERIT TRUE',
            } as const,
          ]
        : []),
      {
        what: 'the copying of reference tables',
        revoke:
          'REVOKE EXECUTE ON FUNCTION replicate_reference_tables(citus.shard_transfer_mode) FROM citus_scaler',
        check: 'role',
        severity: 'blocker',
        says: /may not execute replicate_reference_tables/,
        remedy:
          'GRANT EXECUTE ON FUNCTION pg_catalog.replicate_reference_tables(citus.shard_transfer_mode) TO "citus_scaler"',
      },
      ...['add_node(text, int, int)', 'remove_node(text, int)', 'plan_with_workers(text[], int[], name)'].map(
        (signature): Missing => ({
          what: `EXECUTE on ${signature}`,
          revoke: `${local} REVOKE EXECUTE ON FUNCTION citus_scaler.${signature} FROM citus_scaler`,
          check: 'role',
          severity: 'blocker',
          says: new RegExp(`may not execute citus_scaler.${signature.split('(')[0] ?? ''}`),
          remedy: `GRANT EXECUTE ON FUNCTION citus_scaler.${signature} TO "citus_scaler"`,
        }),
      ),
      {
        what: 'USAGE of the schema of these functions',
        revoke: `${local} REVOKE USAGE ON SCHEMA citus_scaler FROM citus_scaler`,
        check: 'role',
        severity: 'blocker',
        says: /may not execute citus_scaler.add_node/,
        remedy: 'GRANT USAGE ON SCHEMA citus_scaler TO "citus_scaler"',
      },
      {
        what: 'functions that a superuser owns',
        revoke: `${local} ALTER FUNCTION citus_scaler.add_node(text, int, int) OWNER TO app_owner`,
        check: 'role',
        severity: 'blocker',
        says: /there is no function citus_scaler.add_node\(text, int, int\) of a superuser/,
        remedy: 'citus-scaler init --print-grants',
        heal: `${local} ALTER FUNCTION citus_scaler.add_node(text, int, int) OWNER TO postgres`,
      },
      {
        what: 'ALTER SYSTEM on a worker',
        revoke: 'REVOKE ALTER SYSTEM ON PARAMETER wal_retrieve_retry_interval FROM citus_scaler',
        on: 'worker',
        check: 'tune-rights',
        severity: 'warning',
        says: /no ALTER SYSTEM ON PARAMETER wal_retrieve_retry_interval/,
        remedy: 'GRANT ALTER SYSTEM ON PARAMETER wal_retrieve_retry_interval TO "citus_scaler"',
      },
      {
        what: 'pg_reload_conf on the new server',
        revoke: 'REVOKE EXECUTE ON FUNCTION pg_reload_conf() FROM citus_scaler',
        on: 'new server',
        check: 'tune-rights',
        severity: 'warning',
        says: /no EXECUTE ON FUNCTION pg_reload_conf\(\)/,
        remedy: 'GRANT EXECUTE ON FUNCTION pg_reload_conf() TO "citus_scaler"',
      },
      {
        what: 'the operator on the new server',
        revoke: `ALTER ROLE citus_scaler PASSWORD 'another'`,
        on: 'new server',
        check: 'new-node-reachable',
        severity: 'blocker',
        says: /password authentication failed for user "citus_scaler"/,
        remedy: 'user and password',
        heal: 'the password',
      },
    ];

    test.each(missing)('without $what the preflight says so, and how to grant it', async (each) => {
      const node = { worker: cluster.workers[0], 'new server': extra, coordinator: cluster.coordinator }[
        each.on ?? 'coordinator'
      ];
      if (!node) throw new Error('no such node');
      await runSql(node, each.revoke);
      try {
        const checks = await preflight();
        expect(failing(checks)).toContain(`${each.severity} ${each.check}`);
        const said = checksOf(checks, each.check).filter(({ ok }) => !ok);
        expect(said).toHaveLength(1);
        expect(said[0]?.evidence).toMatch(each.says);
        if (each.on) expect(said[0]?.evidence).toContain(node.address);
        expect(said[0]?.remedy?.text).toContain(each.remedy);
        if (each.severity === 'warning') expect(failing(checks).join()).not.toContain('blocker');
        if (each.heal === undefined) await follow(cluster, said[0]?.remedy?.text ?? '');
        else await runSql(node, healing(each));
      } catch (error) {
        await runSql(node, healing(each));
        throw error;
      }
      expect(failing(await preflight())).toEqual([]);
    });

    /** By hand, where the remedy is no statement. */
    function healing({ heal, remedy, revoke }: Missing): string {
      if (heal !== 'the password') return heal ?? remedy;
      const role = revoke.includes('app_owner') ? roles.owner : roles.operator;
      return `ALTER ROLE ${role.user} PASSWORD '${role.password}'`;
    }

    test('a table of a superuser is no reason to become one', async () => {
      await cluster.query('ALTER TABLE events OWNER TO postgres');
      try {
        const said = checksOf(await preflight(), 'owner-rights')[0];
        expect(said).toMatchObject({ ok: false, severity: 'blocker' });
        expect(said?.remedy?.text).toContain(
          'postgres is a superuser, of whom no operator should be a member',
        );
        expect(said?.remedy?.text).not.toContain('GRANT');
      } finally {
        await cluster.query('ALTER TABLE events OWNER TO app_owner');
      }
    });
  },
);

/** What is printed may be run again at any time. */
async function makeAgain(cluster: SandboxCluster, roles: Roles, extra: SandboxNode): Promise<string[]> {
  await roles.prepare(extra);
  await roles.prepareCoordinator();
  const rows = await cluster.query<{ granted: string }>(
    `SELECT p.proname::text AS granted FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
      WHERE n.nspname = 'citus_scaler' AND EXISTS (SELECT FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a WHERE a.grantee = 0)`,
  );
  return rows.map(({ granted }) => granted);
}
