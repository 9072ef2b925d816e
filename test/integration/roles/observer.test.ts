import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startCluster, withClient, type SandboxCluster } from '../../../sandbox/index.js';
import { noLocks, whereOf } from '../../support/activity-stage.js';
import { inspectActivities } from '../../../src/activities/inspect/activities.js';
import { loadConfig } from '../../../src/config/index.js';
import type { NodeAnswer } from '../../../src/citus/nodes/node-settings.js';
import type { InspectAnswers, InspectInput } from '../../../src/contract/index.js';
import { byHand, placedShards } from '../../support/make-leftovers.js';
import { makeRoles, noRoles, type Roles } from '../../support/roles.js';
import { flavour, smallData } from '../../support/stage.js';
import { configFileOf } from '../connect/support.js';
import { asActivity, checkOf, failing } from '../preflight/support.js';

describe.skipIf(noRoles !== undefined)(`an observer (${noRoles ?? 'real Citus'})`, () => {
  let cluster: SandboxCluster;
  let roles: Roles;
  beforeAll(async () => {
    cluster = await startCluster({ workers: 2, flavour });
    await smallData(cluster);
    roles = await makeRoles(cluster);
    await cluster.addNode(); // For refused registrations.
  });
  afterAll(() => cluster.stop());

  type Logins = 'both' | 'observer only' | 'superuser';

  /** `observer only`: the operator's password is wrong, so nothing can be read as the operator. */
  async function look<What extends keyof InspectAnswers>(
    what: What,
    logins: Logins,
  ): Promise<InspectAnswers[What]> {
    const { operator, observer } = roles;
    const passwordFile = logins === 'both' ? operator.passwordFile : observer.passwordFile;
    const config =
      logins === 'superuser'
        ? configFileOf(cluster)
        : configFileOf(cluster, {
            coordinator: { user: operator.user, passwordFile },
            observer: { user: observer.user, passwordFile: observer.passwordFile },
          });
    const { inspect } = inspectActivities(whereOf(loadConfig(config)), noLocks);
    const input: InspectInput = { what, cluster: 'demo' };
    return (await asActivity(() => inspect({ input }))) as InspectAnswers[What];
  }

  /** Free disk space changes by the second. */
  const steady = (answer: object): unknown =>
    JSON.parse(JSON.stringify(answer).replaceAll(/"diskAvailableBytes":\d+|[\d.]+ [kMGT]?B of/g, '"":0'));

  test.each(['health', 'nodes', 'moves'] as const)(
    'is enough to read %s, and reads what a superuser does',
    async (what) => {
      expect(steady(await look(what, 'observer only'))).toEqual(steady(await look(what, 'superuser')));
    },
  );

  test('sees leftovers, in schemas too that it may not use', async () => {
    await cluster.query('create schema hidden');
    await cluster.query('create table hidden.notes (id bigint primary key)');
    await cluster.query(
      `select create_distributed_table('hidden.notes', 'id', shard_count => 2, colocate_with => 'none')`,
    );
    const [shard] = await placedShards(cluster, 'hidden.notes');
    if (!shard) throw new Error('no shard');
    const { name, other } = shard;
    await byHand(
      other,
      `create table ${name} (id bigint primary key)`,
      'create table hidden.old_102001 (id bigint constraint old_pkey_102001 primary key)',
    );
    const seen = await look('health', 'observer only');
    await byHand(other, `drop table ${name}, hidden.old_102001`);
    await cluster.query('drop schema hidden cascade');
    expect(seen.leftovers.map((each) => each.name)).toEqual([name, 'hidden.old_102001']);
    expect(seen.leftovers.every(({ removable }) => removable)).toBe(true);
  });

  test('reads the preflight, while the acting role itself says what it may do', async () => {
    const both = await look('preflight', 'both');
    const superuser = await look('preflight', 'superuser');
    expect(failing(both.checks)).toEqual([]);
    expect(both.checks.map(({ id }) => id).sort()).toEqual(superuser.checks.map(({ id }) => id).sort());
    expect(checkOf(both.checks, 'role').evidence).toContain('citus_scaler');

    const without = await look('preflight', 'observer only');
    expect(failing(without.checks)).toEqual(['blocker role']);
    expect(checkOf(without.checks, 'role').evidence).toMatch(/^citus_scaler can't be used: password auth/);
  });

  test('can change nothing', async () => {
    const before = await state(cluster);
    const { port, host } = cluster.workers.at(-1) ?? cluster.coordinator;
    const worker = cluster.workers[0] ?? cluster.coordinator;
    const [shard] = await cluster.query<{ id: string; from: number; to: number }>(
      `SELECT s.shardid AS id, n.nodeid AS from, (SELECT min(nodeid) FROM pg_dist_node o WHERE o.groupid NOT IN (0, p.groupid)) AS to
         FROM pg_dist_shard s JOIN pg_dist_placement p USING (shardid) JOIN pg_dist_node n USING (groupid)
        WHERE s.logicalrelid = 'tenants'::regclass LIMIT 1`,
    );
    const attempts = [
      `SELECT citus_add_node('${host}', ${port})`,
      `SELECT citus_scaler.add_node('${host}', ${port}, 99)`,
      `SELECT citus_scaler.remove_node('127.0.0.1', ${worker.port})`,
      `SELECT * FROM citus_scaler.plan_with_workers('{new}', '{5432}', NULL)`,
      `SELECT citus_remove_node('127.0.0.1', ${worker.port})`,
      `SELECT stop_metadata_sync_to_node('127.0.0.1', ${worker.port})`,
      `SELECT citus_set_node_property('127.0.0.1', ${worker.port}, 'shouldhaveshards', false)`,
      `SELECT citus_update_node(1, 'elsewhere', 5432)`,
      `SELECT citus_move_shard_placement(${shard?.id ?? 0}, ${shard?.from ?? 0}, ${shard?.to ?? 0}, 'block_writes')`,
      `SELECT citus_rebalance_start()`,
      `SELECT replicate_reference_tables('auto')`,
      `INSERT INTO pg_dist_node (nodename) VALUES ('new')`,
      `UPDATE pg_dist_node SET nodename = 'elsewhere'`,
      `DELETE FROM pg_dist_placement`,
      `DELETE FROM pg_dist_cleanup`,
      `ALTER SYSTEM SET wal_retrieve_retry_interval = '100ms'`,
      `SELECT pg_reload_conf()`,
      `SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE usename = 'postgres' AND pid <> pg_backend_pid()`,
      `CREATE TABLE public.mine (id int)`,
      `SELECT * FROM tenants`,
      `SET ROLE app_owner`,
    ];
    // A session that could be cancelled.
    await withClient(cluster.coordinator.login, async () => {
      for (const attempt of attempts) {
        const tried = withClient({ ...cluster.coordinator.login, ...loginOf(roles) }, (client) =>
          client.query(attempt),
        );
        await expect(tried, attempt).rejects.toThrow(refusal);
      }
    });
    const onWorker = [
      `ALTER SYSTEM SET wal_retrieve_retry_interval = '100ms'`,
      'SELECT pg_reload_conf()',
      'CREATE TABLE public.mine (id int)',
      `DROP TABLE public.tenants_${shard?.id ?? ''}`,
    ];
    for (const command of onWorker) {
      const [answer] = await withClient(
        { ...cluster.coordinator.login, ...loginOf(roles) },
        async (client) => {
          const text =
            'SELECT success, result FROM master_run_on_worker($1::text[], $2::int[], $3::text[], true)';
          return (await client.query<NodeAnswer>(text, [[worker.host], [worker.port], [command]])).rows;
        },
      );
      expect(answer?.success, command).toBe(false);
      expect(answer?.result, command).toMatch(refusal);
    }
    expect(await state(cluster)).toEqual(before);
  });
});

const refusal =
  /permission denied|must be (an? )?(owner|superuser|member)|operation is not allowed|not allowed to/;

function loginOf({ observer: { user, password } }: Roles): { user: string; password: string } {
  return { user, password };
}

/** What an operation could change, on every server. */
async function state(cluster: SandboxCluster): Promise<unknown> {
  const nodes = [cluster.coordinator, ...cluster.workers];
  return Promise.all(
    nodes.map((node) =>
      node.query(
        `SELECT (SELECT jsonb_agg(n ORDER BY nodeid) FROM pg_dist_node n) AS nodes,
                (SELECT jsonb_agg(p ORDER BY placementid) FROM pg_dist_placement p) AS placements,
                (SELECT count(*) FROM pg_class WHERE relkind = 'r') AS tables,
                current_setting('wal_retrieve_retry_interval') AS interval`,
      ),
    ),
  );
}
