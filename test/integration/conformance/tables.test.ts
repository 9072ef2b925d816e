import { expect, it } from 'vitest';
import { checksum, loadData } from '../../../sandbox/data.js';
import { conform } from './flavours.js';
import { placements, refusal, rolledBack } from './questions.js';

conform(
  'tables',
  {},
  (cluster) => loadData(cluster, { shards: 8, tenants: 40, events: 200 }),
  (cluster) => {
    it('stores the same rows', async () => {
      expect(await checksum(cluster())).toMatchInlineSnapshot(`
        {
          "events": {
            "rows": 200,
            "sum": "8103392331",
          },
          "order_lines": {
            "rows": 800,
            "sum": "9377887984",
          },
          "orders": {
            "rows": 400,
            "sum": "51074508586",
          },
          "plans": {
            "rows": 3,
            "sum": "-2182074099",
          },
          "tenants": {
            "rows": 40,
            "sum": "-17870291120",
          },
        }
      `);
    });

    it('lists distributed and reference tables', async () => {
      const rows = await cluster().query(
        `SELECT logicalrelid::text AS name, partmethod, repmodel, column_to_column_name(logicalrelid, partkey) AS key, shardcount,
           dense_rank() OVER (ORDER BY colocationid)::int AS colocation
         FROM pg_dist_partition JOIN pg_dist_colocation USING (colocationid) ORDER BY 1`,
      );
      const tenants = { partmethod: 'h', repmodel: 's', key: 'tenant_id', shardcount: 8, colocation: 2 };
      expect(rows).toEqual([
        { name: 'events', partmethod: 'h', repmodel: 's', key: 'device', shardcount: 8, colocation: 3 },
        { name: 'order_lines', ...tenants },
        { name: 'orders', ...tenants },
        { name: 'plans', partmethod: 'n', repmodel: 't', key: null, shardcount: 1, colocation: 1 },
        { name: 'tenants', ...tenants },
      ]);
    });

    it('describes them in citus_tables', async () => {
      const rows = await cluster().query(
        `SELECT table_name::text AS name, citus_table_type AS type, distribution_column AS key, shard_count::int AS shards, table_owner AS owner
         FROM citus_tables ORDER BY 1`,
      );
      expect(rows).toEqual([
        { name: 'events', type: 'distributed', key: 'device', shards: 8, owner: 'postgres' },
        { name: 'order_lines', type: 'distributed', key: 'tenant_id', shards: 8, owner: 'postgres' },
        { name: 'orders', type: 'distributed', key: 'tenant_id', shards: 8, owner: 'postgres' },
        { name: 'plans', type: 'reference', key: '<none>', shards: 1, owner: 'postgres' },
        { name: 'tenants', type: 'distributed', key: 'tenant_id', shards: 8, owner: 'postgres' },
      ]);
    });

    it('deals shards out in turn, colocated ones together', async () => {
      const ports = cluster().workers.map(({ port }) => port);
      const expected = Array.from({ length: 8 }, (_, index) => ports[index % 2]);
      for (const table of ['tenants', 'orders', 'order_lines', 'events']) {
        expect((await placements(cluster(), table)).map(({ port }) => port)).toEqual(expected);
      }
    });

    it('has a copy of a reference table on every node', async () => {
      const all = [cluster().coordinator, ...cluster().workers].map(({ port }) => port);
      expect((await placements(cluster(), 'plans')).map(({ port }) => port).sort()).toEqual(all.sort());
    });

    it('gives each shard a range of hash values', async () => {
      const rows = await cluster().query(
        `SELECT shardminvalue AS low, shardmaxvalue AS high FROM pg_dist_shard WHERE logicalrelid = 'orders'::regclass ORDER BY shardid`,
      );
      expect(rows[0]).toEqual({ low: '-2147483648', high: '-1610612737' });
      expect(rows[7]).toEqual({ low: '1610612736', high: '2147483647' });
    });

    it('keeps rows of a shard in a table of its own on the worker', async () => {
      const shards = await cluster().query<{ name: string; nodeport: number }>(
        `SELECT shard_name AS name, nodeport FROM citus_shards WHERE table_name = 'orders'::regclass`,
      );
      let rows = 0;
      for (const { name, nodeport } of shards) {
        const node = cluster().workers.find(({ port }) => port === nodeport);
        const [row] = (await node?.query<{ count: string }>(`SELECT count(*) FROM ${name}`)) ?? [];
        rows += Number(row?.count);
      }
      expect(rows).toBe(400);
    });

    it('shows a primary key as replica identity', async () => {
      const rows = await cluster().query<{ key: string | null }>(
        `SELECT pg_get_replica_identity_index(logicalrelid)::text AS key FROM pg_dist_partition ORDER BY logicalrelid::text`,
      );
      expect(rows.map(({ key }) => key)).toEqual([
        'events_pkey',
        'order_lines_pkey',
        'orders_pkey',
        'plans_pkey',
        'tenants_pkey',
      ]);
    });

    it('refuses a key twice', async () => {
      const twice = cluster().query(`INSERT INTO tenants VALUES (1, 'again', 1)`);
      const { code, message } = await refusal(twice);
      expect(code).toBe('23505');
      expect(message).toMatch(/^duplicate key value violates unique constraint "tenants_pkey_\d+"$/);
    });

    it('updates, deletes and writes reference tables everywhere', async () => {
      await cluster().query(`UPDATE orders SET note = 'new' WHERE tenant_id = 7`);
      await cluster().query('DELETE FROM orders WHERE tenant_id = 8');
      await cluster().query(`INSERT INTO plans VALUES (9, 'ninth')`);
      const [row] = await cluster().query(
        `SELECT (SELECT count(*)::int FROM orders WHERE note = 'new') AS changed, (SELECT count(*)::int FROM orders) AS orders`,
      );
      expect(row).toEqual({ changed: 10, orders: 390 });
      const [shard] = await placements(cluster(), 'plans');
      for (const worker of cluster().workers) {
        const copies = await worker.query(`SELECT name FROM plans_${shard?.shard} WHERE plan_id = 9`);
        expect(copies).toEqual([{ name: 'ninth' }]);
      }
    });

    it('refuses to distribute a table twice', async () => {
      const again = cluster().query(`SELECT create_distributed_table('orders', 'tenant_id')`);
      expect(await refusal(again)).toEqual({
        code: '42P16',
        message: 'table "orders" is already distributed',
      });
    });

    it('forgets a table that is dropped, and in the end its shards, unless that is rolled back', async () => {
      const known = async (): Promise<number[]> => {
        const rows = await cluster().query<{ tables: number; shards: number; places: number }>(
          `SELECT (SELECT count(*)::int FROM pg_dist_partition) AS tables, (SELECT count(*)::int FROM pg_dist_shard) AS shards,
             (SELECT count(*)::int FROM pg_dist_placement) AS places`,
        );
        return rows.flatMap(({ tables, shards, places }) => [tables, shards, places]);
      };
      const names = await cluster().query<{ name: string }>(
        `SELECT shard_name(logicalrelid, shardid) AS name FROM pg_dist_shard
         WHERE logicalrelid IN ('events'::regclass, 'plans'::regclass)`,
      );
      // By name: Citus hides shards from those who look through pg_class.
      const left = async (): Promise<object[]> => {
        const ask = 'SELECT FROM unnest($1::text[]) name WHERE to_regclass(name) IS NOT NULL';
        const all = cluster().workers.map((node) => node.query(ask, [names.map(({ name }) => name)]));
        return (await Promise.all(all)).flat();
      };
      await rolledBack(cluster(), (client) => client.query('DROP TABLE events, plans'));
      expect(await known()).toEqual([5, 33, 35]);
      expect(await left()).toHaveLength(10);
      await cluster().query('SELECT count(*) FROM events JOIN plans ON true');
      await cluster().query('DROP TABLE events');
      await cluster().query('DROP TABLE plans');
      expect(await known()).toEqual([3, 24, 24]);
      await cluster().query('CALL citus_cleanup_orphaned_resources()');
      expect(await left()).toEqual([]);
    });
  },
);
