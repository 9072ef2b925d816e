import { beforeAll, describe, expect, it } from 'vitest';
import { conform } from './flavours.js';
import { placements, plan, refusal, rolledBack } from './questions.js';

const insertPlanned = `INSERT INTO pg_dist_node (nodename, nodeport, hasmetadata, metadatasynced) VALUES ('10.9.8.7', 5432, true, true)`;
const byCount = `rebalance_strategy := 'by_shard_count'`;

conform(
  'options of a plan',
  { workers: 2 },
  async (cluster) => {
    await cluster.query('CREATE TABLE blobs (id bigint PRIMARY KEY, body text)');
    await cluster.query('ALTER TABLE blobs ALTER body SET STORAGE PLAIN');
    await cluster.query(`SELECT create_distributed_table('blobs', 'id', shard_count => 8)`);
    await cluster.query('CREATE TABLE notes (id int PRIMARY KEY)');
    await cluster.query('CREATE TABLE lists (id int PRIMARY KEY)');
    await cluster.query(`SELECT create_reference_table('lists')`);
  },
  (cluster) => {
    /** Steps, and what the server told meanwhile. */
    const asked = (options: string, prepare: string[] = []): Promise<{ steps: string[]; told: unknown[] }> =>
      rolledBack(cluster(), async (client) => {
        const told: unknown[] = [];
        client.on('notice', ({ severity, message, detail }) =>
          told.push(`${severity} ${message ?? ''} ${detail ?? ''}`.trim()),
        );
        for (const statement of prepare) await client.query(statement);
        return { steps: await plan(client, options), told };
      });
    const steps = async (options: string, prepare: string[] = []): Promise<string[]> =>
      (await asked(options, prepare)).steps;

    describe('by number', () => {
      it.each([
        ['threshold := 0', 2],
        ['threshold := 0.2', 2],
        ['threshold := 0.4', 2],
        ['threshold := 0.8', 1],
        ['threshold := 1', 0],
      ])('%s', async (threshold, moves) => {
        expect(await steps(`${byCount}, ${threshold}`, [insertPlanned])).toHaveLength(moves);
      });

      it('max_shard_moves counts groups, and says that it stopped there', async () => {
        const stopped =
          "NOTICE Stopped searching before we were out of moves. Please rerun the rebalancer after it's finished for a more optimal placement.";
        expect(await asked(`${byCount}, max_shard_moves := 1`, [insertPlanned])).toEqual({
          steps: ['blobs#1 2>3'],
          told: [stopped],
        });
      });

      it('max_shard_moves does not keep shards where they may not be', async () => {
        const drain = `SELECT citus_set_node_property('127.0.0.1', ${cluster().workers[0]?.port}, 'shouldhaveshards', false)`;
        expect(await steps(`${byCount}, max_shard_moves := 0`, [drain])).toHaveLength(4);
        expect(await steps(`${byCount}, max_shard_moves := 0, drain_only := true`, [drain])).toHaveLength(4);
      });

      it('excluded_shard_list neither moves nor weighs', async () => {
        const excluded = `excluded_shard_list := (SELECT array_agg(shardid) FROM pg_dist_shard JOIN pg_dist_placement USING (shardid) WHERE groupid = 1)`;
        expect(await steps(`${byCount}, ${excluded}`)).toMatchInlineSnapshot(`
          [
            "blobs#1 2>1",
            "blobs#3 2>1",
          ]
        `);
      });

      it('a threshold below the least of the strategy is raised, with a warning', async () => {
        const { told } = await asked('threshold := 0.001');
        expect(told).toEqual([
          'WARNING the given threshold is lower than the minimum threshold allowed by the rebalance strategy, using the minimum allowed threshold instead Using threshold of 0.01',
        ]);
      });

      it('tables that cannot move are refused', async () => {
        const ask = (table: string): Promise<unknown> =>
          refusal(cluster().query(`SELECT * FROM get_rebalance_table_shards_plan('${table}')`));
        expect(await ask('lists')).toEqual({
          code: '0A000',
          message:
            'table public.lists is a reference table, moving shard of a reference table is not supported',
        });
        expect(await ask('notes')).toEqual({
          code: '0A000',
          message:
            'table public.notes is a regular postgres table, you can only move shards of a citus table',
        });
      });

      it('a node where a strategy allows no shard is emptied', async () => {
        const allow = `CREATE FUNCTION not_on_first(bigint, int) RETURNS boolean LANGUAGE sql AS 'SELECT $2 <> (SELECT min(nodeid) FROM pg_dist_node WHERE groupid <> 0)'`;
        const add = `SELECT citus_add_rebalance_strategy('mine', 'citus_shard_cost_1', 'citus_node_capacity_1', 'not_on_first', 0.1)`;
        const moved = await steps(`rebalance_strategy := 'mine'`, [
          'SET LOCAL citus.enable_ddl_propagation = off',
          allow,
          add,
        ]);
        expect(moved).toEqual(['blobs#0 1>2', 'blobs#2 1>2', 'blobs#4 1>2', 'blobs#6 1>2']);
      });

      it('a node with twice the capacity takes twice as much', async () => {
        const capacity = `CREATE FUNCTION twice_on_first(int) RETURNS real LANGUAGE sql AS 'SELECT CASE WHEN $1 = (SELECT min(nodeid) FROM pg_dist_node WHERE groupid <> 0) THEN 2 ELSE 1 END::real'`;
        const add = `SELECT citus_add_rebalance_strategy('mine', 'citus_shard_cost_1', 'twice_on_first', 'citus_shard_allowed_on_node_true', 0)`;
        const moved = await steps(`rebalance_strategy := 'mine'`, [
          'SET LOCAL citus.enable_ddl_propagation = off',
          capacity,
          add,
        ]);
        expect(moved).toMatchInlineSnapshot(`
          [
            "blobs#1 2>1",
          ]
        `);
      });

      it('another strategy becomes the default', async () => {
        const names = await rolledBack(cluster(), async (client) => {
          await client.query(`SELECT citus_set_default_rebalance_strategy('by_shard_count')`);
          const { rows } = await client.query<{ name: string }>(
            'SELECT name FROM pg_dist_rebalance_strategy WHERE default_strategy',
          );
          return rows.map(({ name }) => name);
        });
        expect(names).toEqual(['by_shard_count']);
        const unknown = cluster().query(`SELECT citus_set_default_rebalance_strategy('nope')`);
        expect(await refusal(unknown)).toEqual({
          code: 'P0001',
          message: 'strategy with specified name does not exist',
        });
      });
    });

    describe('by size', () => {
      /** Megabytes in the groups, in the order of their hash ranges. */
      const megabytes = [8, 2, 1, 2, 1, 2, 1, 1];
      const noBase = 'SET LOCAL citus.rebalancer_by_disk_size_base_cost = 0';

      beforeAll(async () => {
        const shards = await placements(cluster(), 'blobs');
        const rows = await cluster().query<{ ids: string[] }>(
          `SELECT array_agg(id ORDER BY id)::text[] AS ids
           FROM (SELECT id, get_shard_id_for_distribution_column('blobs', id) AS shard FROM generate_series(1::bigint, 9000) id OFFSET 0) i
           GROUP BY shard ORDER BY array_position($1::bigint[], shard)`,
          [shards.map(({ shard }) => shard)],
        );
        // One row a page.
        for (const [index, { ids }] of rows.entries()) {
          await cluster().query(
            `INSERT INTO blobs SELECT id, repeat('b', 7000) FROM unnest($1::bigint[]) id`,
            [ids.slice(0, (megabytes[index] ?? 0) * 128)],
          );
        }
      });

      it('100 MB for each group make small ones alike', async () => {
        expect(await steps('')).toEqual([]);
        expect(await steps('', [insertPlanned])).toMatchInlineSnapshot(`
          [
            "blobs#0 1>3",
            "blobs#1 2>3",
          ]
        `);
      });

      it('without them the big ones decide', async () => {
        expect(await steps('', [noBase])).toMatchInlineSnapshot(`
          [
            "blobs#2 1>2",
            "blobs#4 1>2",
          ]
        `);
        expect(await steps('', [noBase, insertPlanned])).toMatchInlineSnapshot(`
          [
            "blobs#2 1>3",
            "blobs#4 1>3",
            "blobs#6 1>3",
            "blobs#1 2>3",
          ]
        `);
      });

      it('improvement_threshold leaves small gains alone', async () => {
        expect(await steps('improvement_threshold := 0', [noBase])).toMatchInlineSnapshot(`
          [
            "blobs#2 1>2",
            "blobs#4 1>2",
          ]
        `);
        expect(await steps('improvement_threshold := 0.9', [noBase])).toMatchInlineSnapshot(`
          [
            "blobs#2 1>2",
          ]
        `);
        expect(await steps('improvement_threshold := 0, threshold := 0', [noBase])).toMatchInlineSnapshot(`
          [
            "blobs#2 1>2",
            "blobs#4 1>2",
          ]
        `);
      });

      it('threshold leaves what is nearly even', async () => {
        expect(await steps('threshold := 0.5', [noBase])).toMatchInlineSnapshot(`[]`);
        expect(await steps('threshold := 0.9', [noBase])).toMatchInlineSnapshot(`[]`);
      });

      it('the dearest leave a node first that is drained', async () => {
        const drain = `SELECT citus_set_node_property('127.0.0.1', ${cluster().workers[0]?.port}, 'shouldhaveshards', false)`;
        expect(await steps('drain_only := true', [noBase, drain, insertPlanned])).toMatchInlineSnapshot(`
          [
            "blobs#0 1>3",
            "blobs#2 1>2",
            "blobs#4 1>3",
            "blobs#6 1>2",
          ]
        `);
      });
    });
  },
);
