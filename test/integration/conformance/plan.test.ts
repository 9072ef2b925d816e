import { expect, it } from 'vitest';
import type { Client } from 'pg';
import { loadData } from '../../../sandbox/data.js';
import { conform } from './flavours.js';
import { plan, refusal, rolledBack } from './questions.js';

const byCount = `rebalance_strategy := 'by_shard_count'`;
const insertPlanned = `INSERT INTO pg_dist_node (nodename, nodeport, hasmetadata, metadatasynced) VALUES ('10.9.8.7', 5432, true, true)`;

conform(
  'plan',
  {},
  (cluster) => loadData(cluster, { shards: 8, tenants: 200, events: 200 }),
  (cluster) => {
    const drain = (client: Client): Promise<unknown> =>
      client.query(`SELECT citus_set_node_property('127.0.0.1', $1, 'shouldhaveshards', false)`, [
        cluster().workers[0]?.port,
      ]);

    it('has nothing to do on an even cluster', async () => {
      expect(await rolledBack(cluster(), (client) => plan(client, byCount))).toEqual([]);
    });

    it('foresees machines that do not exist yet, and contacts nobody', async () => {
      const steps = await rolledBack(cluster(), async (client) => {
        await client.query(insertPlanned);
        return plan(client, byCount);
      });
      expect(steps).toMatchInlineSnapshot(`
        [
          "tenants#1 2>3",
          "orders#1 2>3",
          "order_lines#1 2>3",
          "tenants#0 1>3",
          "orders#0 1>3",
          "order_lines#0 1>3",
          "events#1 2>3",
          "events#0 1>3",
        ]
      `);
      expect(await cluster().query('SELECT FROM pg_dist_node')).toHaveLength(3);
    });

    it('foresees two at once', async () => {
      const steps = await rolledBack(cluster(), async (client) => {
        await client.query(insertPlanned);
        await client.query(insertPlanned.replace('5432', '5433'));
        return plan(client, byCount);
      });
      expect(steps).toMatchInlineSnapshot(`
        [
          "tenants#1 2>3",
          "orders#1 2>3",
          "order_lines#1 2>3",
          "tenants#0 1>4",
          "orders#0 1>4",
          "order_lines#0 1>4",
          "tenants#3 2>3",
          "orders#3 2>3",
          "order_lines#3 2>3",
          "tenants#2 1>4",
          "orders#2 1>4",
          "order_lines#2 1>4",
          "events#1 2>3",
          "events#0 1>4",
          "events#3 2>3",
          "events#2 1>4",
        ]
      `);
    });

    it('has no room to drain the last but one node into itself: everything goes to the other', async () => {
      const steps = await rolledBack(cluster(), async (client) => {
        await drain(client);
        return plan(client, `${byCount}, drain_only := true`);
      });
      expect(steps).toMatchInlineSnapshot(`
        [
          "tenants#0 1>2",
          "orders#0 1>2",
          "order_lines#0 1>2",
          "tenants#2 1>2",
          "orders#2 1>2",
          "order_lines#2 1>2",
          "tenants#4 1>2",
          "orders#4 1>2",
          "order_lines#4 1>2",
          "tenants#6 1>2",
          "orders#6 1>2",
          "order_lines#6 1>2",
          "events#0 1>2",
          "events#2 1>2",
          "events#4 1>2",
          "events#6 1>2",
        ]
      `);
      const rows = await cluster().query('SELECT FROM pg_dist_node WHERE NOT shouldhaveshards');
      expect(rows).toHaveLength(1);
    });

    it('drains and balances at once', async () => {
      const steps = await rolledBack(cluster(), async (client) => {
        await drain(client);
        await client.query(insertPlanned);
        return plan(client, byCount);
      });
      expect(steps).toMatchInlineSnapshot(`
        [
          "tenants#0 1>3",
          "orders#0 1>3",
          "order_lines#0 1>3",
          "tenants#2 1>3",
          "orders#2 1>3",
          "order_lines#2 1>3",
          "tenants#4 1>3",
          "orders#4 1>3",
          "order_lines#4 1>3",
          "tenants#6 1>3",
          "orders#6 1>3",
          "order_lines#6 1>3",
          "events#0 1>3",
          "events#2 1>3",
          "events#4 1>3",
          "events#6 1>3",
        ]
      `);
    });

    it('leaves shards alone that are excluded, and stops after the most moves', async () => {
      const steps = await rolledBack(cluster(), async (client) => {
        await client.query(insertPlanned);
        const excluded = `(SELECT array_agg(shardid) FROM pg_dist_shard WHERE logicalrelid = 'events'::regclass)`;
        return [
          await plan(client, `${byCount}, excluded_shard_list := ${excluded}`),
          await plan(client, `${byCount}, max_shard_moves := 1`),
        ];
      });
      expect(steps).toMatchInlineSnapshot(`
        [
          [
            "tenants#1 2>3",
            "orders#1 2>3",
            "order_lines#1 2>3",
            "tenants#0 1>3",
            "orders#0 1>3",
            "order_lines#0 1>3",
          ],
          [
            "tenants#1 2>3",
            "orders#1 2>3",
            "order_lines#1 2>3",
          ],
        ]
      `);
    });

    it('balances one table with what is colocated', async () => {
      const steps = await rolledBack(cluster(), async (client) => {
        await client.query(insertPlanned);
        return plan(client, `relation := 'events', ${byCount}`);
      });
      expect(steps).toMatchInlineSnapshot(`
        [
          "events#1 2>3",
          "events#0 1>3",
        ]
      `);
    });

    it('does not know other strategies', async () => {
      const unknown = cluster().query(
        `SELECT * FROM get_rebalance_table_shards_plan(rebalance_strategy := 'nope')`,
      );
      expect(await refusal(unknown)).toEqual({
        code: 'XX000',
        message: 'could not find rebalance strategy with name nope',
      });
    });

    it('has two strategies, by size is the default', async () => {
      const rows = await cluster().query(
        `SELECT *, shard_cost_function::text AS shard_cost_function FROM pg_dist_rebalance_strategy ORDER BY name`,
      );
      const functions = {
        node_capacity_function: 'citus_node_capacity_1',
        shard_allowed_on_node_function: 'citus_shard_allowed_on_node_true',
      };
      expect(rows).toEqual([
        {
          name: 'by_disk_size',
          default_strategy: true,
          shard_cost_function: 'citus_shard_cost_by_disk_size',
          ...functions,
          default_threshold: 0.1,
          minimum_threshold: 0.01,
          improvement_threshold: 0.5,
        },
        {
          name: 'by_shard_count',
          default_strategy: false,
          shard_cost_function: 'citus_shard_cost_1',
          ...functions,
          default_threshold: 0,
          minimum_threshold: 0,
          improvement_threshold: 0,
        },
      ]);
    });

    it('answers whole groups of colocated shards, without sizes', async () => {
      const rows = await rolledBack(cluster(), async (client) => {
        await client.query(insertPlanned);
        return (await client.query<{ shard_size: string }>('SELECT * FROM get_rebalance_table_shards_plan()'))
          .rows;
      });
      expect(rows.every(({ shard_size }) => shard_size === '0')).toBe(true);
    });
  },
);
