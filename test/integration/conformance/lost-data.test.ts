import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadData } from '../../../sandbox/data.js';
import { withClient, type SandboxNode } from '../../../sandbox/index.js';
import { conform } from './flavours.js';
import { inSync, nodeId, placements, refusal, tenantsOn, type Refusal } from './questions.js';

/** Puts empty tables at the coordinator in the place of the shards that only the group had, and forgets the group. */
function giveUp(group: number, port: number): string {
  return `
    BEGIN;
    CREATE TEMP TABLE lost ON COMMIT DROP AS
      SELECT p.placementid, s.logicalrelid, shard_name(s.logicalrelid, s.shardid) AS name
      FROM pg_dist_placement p JOIN pg_dist_shard s USING (shardid) JOIN pg_dist_partition t USING (logicalrelid)
      WHERE p.groupid = ${group} AND NOT (t.partmethod = 'n' AND t.repmodel = 't')
        AND NOT EXISTS (SELECT FROM pg_dist_placement o WHERE o.shardid = p.shardid AND o.groupid <> p.groupid);
    UPDATE pg_dist_placement p SET groupid = 0 FROM lost l WHERE p.placementid = l.placementid;
    DELETE FROM pg_dist_placement WHERE groupid = ${group};
    SELECT citus_remove_node('127.0.0.1', ${port});
    SET LOCAL citus.enable_ddl_propagation = off;
    DO $$
    DECLARE
      l record;
      key text;
    BEGIN
      FOR l IN SELECT * FROM lost LOOP
        key := pg_get_partkeydef(l.logicalrelid);
        EXECUTE format('CREATE TABLE %s (LIKE %s)', l.name, l.logicalrelid) || coalesce(' PARTITION BY ' || key, '');
        EXECUTE format('ALTER TABLE %s ADD CONSTRAINT lost_data_not_yet_rebuilt CHECK (false)', l.name)
          || CASE WHEN key IS NULL THEN ' NO INHERIT' ELSE '' END;
      END LOOP;
    END $$;
    SELECT start_metadata_sync_to_all_nodes();
    COMMIT;`;
}

conform(
  'data that is given up',
  { workers: 3 },
  (cluster) => loadData(cluster, { shards: 6, tenants: 20, events: 60 }),
  (cluster) => {
    let dead: SandboxNode;
    let lost: number[];
    let kept: number;

    const tenants = async (): Promise<number[]> => {
      const rows = await cluster().query<{ id: number }>(
        'SELECT tenant_id::int AS id FROM tenants ORDER BY 1',
      );
      return rows.map(({ id }) => id);
    };
    const insertLost = (): Promise<unknown> =>
      cluster().query(`INSERT INTO tenants VALUES (${lost[0]}, 'again', 1)`);
    const refused = (statement: string): Promise<Refusal> => refusal(cluster().query(statement));

    beforeAll(async () => {
      const [first] = cluster().workers;
      if (!first) throw new Error('no worker');
      dead = first;
      lost = await tenantsOn(cluster(), dead.port);
      kept = 20 - lost.length;
      expect(lost).not.toEqual([]);
      await dead.kill();
    });

    afterAll(() => dead.start());

    it('goes with its node, while that is dead', async () => {
      const [row] = await cluster().query<{ group: number }>(
        'SELECT groupid AS group FROM pg_dist_node WHERE nodeport = $1',
        [dead.port],
      );
      await withClient(cluster().coordinator.login, (client) =>
        client.query(giveUp(row?.group ?? 0, dead.port)),
      );
      await inSync(cluster());
      expect(await cluster().query('SELECT FROM pg_dist_node WHERE nodeport = $1', [dead.port])).toEqual([]);
    });

    it('reads as empty from then on, and nothing else does', async () => {
      const left = await tenants();
      expect(left).toHaveLength(kept);
      expect(left.filter((id) => lost.includes(id))).toEqual([]);
      expect(await cluster().query(`SELECT FROM tenants WHERE tenant_id = ${lost[0]}`)).toEqual([]);
    });

    it('cannot be written until it is rebuilt', async () => {
      expect((await refusal(insertLost())).code).toBe('23514');
      await cluster().query(`INSERT INTO plans VALUES (90, 'written')`);
    });

    it('lies at the coordinator until then, from where it is to be drained', async () => {
      const coordinator = await nodeId(cluster(), cluster().coordinator.port);
      for (const table of ['tenants', 'orders', 'order_lines', 'events']) {
        const there = (await placements(cluster(), table)).filter(({ node }) => node === coordinator);
        expect(there).toHaveLength(2);
      }
      const plan = `SELECT DISTINCT sourceport FROM get_rebalance_table_shards_plan(drain_only := true)`;
      expect(await cluster().query(plan)).toEqual([{ sourceport: cluster().coordinator.port }]);
    });

    it('is rebuilt empty by ordinary moves away from the coordinator', async () => {
      await cluster().query(
        `SELECT rebalance_table_shards(drain_only := true, shard_transfer_mode := 'block_writes')`,
      );
      const coordinator = await nodeId(cluster(), cluster().coordinator.port);
      expect((await placements(cluster(), 'orders')).filter(({ node }) => node === coordinator)).toEqual([]);
      expect(await tenants()).toHaveLength(kept);
    });

    it('can be written again, under the old keys', async () => {
      await insertLost();
      expect(await tenants()).toHaveLength(kept + 1);
      const { code, message } = await refused(`INSERT INTO tenants VALUES (${lost[0]}, 'twice', 1)`);
      expect(code).toBe('23505');
      expect(message).toMatch(/^duplicate key value violates unique constraint "tenants_pkey_\d+"$/);
      expect((await refused(`INSERT INTO tenants VALUES (${lost[0]}, NULL, 1)`)).code).toBe('23502');
    });

    it('leaves nothing at the coordinator once that is cleaned up', async () => {
      await cluster().query('CALL citus_cleanup_orphaned_resources()');
      const tables = await withClient(cluster().coordinator.login, async (client) => {
        await client.query('SET citus.override_table_visibility = off');
        const like = '^(tenants|orders|order_lines|events)_[0-9]+$';
        return (
          await client.query(`SELECT FROM pg_class WHERE relname ~ $1 AND relkind IN ('r', 'p')`, [like])
        ).rowCount;
      });
      expect(tables).toBe(0);
    });
  },
);
