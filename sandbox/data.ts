import type { SandboxCluster } from './cluster/cluster.js';
import { withClient } from './postgres/query.js';

export interface DataOptions {
  /** Shards of each distributed table. Default 32, as with Citus. */
  shards?: number;
  tenants?: number;
  ordersPerTenant?: number;
  events?: number;
  /** Characters of filling in each order and event, to make shards bigger. Default 40. */
  filling?: number;
}

/** The tables that {@link loadData} makes, those of one colocation group together. */
export const tables = ['tenants', 'orders', 'order_lines', 'events', 'plans'] as const;
export type Table = (typeof tables)[number];

/** Rows and a sum over them that does not depend on their order. */
export interface TableChecksum {
  rows: number;
  sum: string;
}

/**
 * Loads a small shop of many tenants: `tenants`, `orders` and `order_lines` are colocated by tenant, `events` has a
 * colocation group of its own, `plans` is a reference table. Every table has a primary key.
 */
export async function loadData(
  cluster: Pick<SandboxCluster, 'coordinator'>,
  options: DataOptions = {},
): Promise<void> {
  const { shards = 32, tenants = 200, ordersPerTenant = 10, events = 2000, filling = 40 } = options;
  await withClient(cluster.coordinator.login, async (client) => {
    await client.query(schema);
    await client.query(`SELECT create_reference_table('plans')`);
    await client.query(`SELECT create_distributed_table('tenants', 'tenant_id', shard_count => $1)`, [
      shards,
    ]);
    await client.query(`SELECT create_distributed_table('orders', 'tenant_id', colocate_with => 'tenants')`);
    await client.query(
      `SELECT create_distributed_table('order_lines', 'tenant_id', colocate_with => 'tenants')`,
    );
    await client.query(
      `SELECT create_distributed_table('events', 'device', colocate_with => 'none', shard_count => $1)`,
      [shards],
    );
    await client.query(`INSERT INTO plans VALUES (1, 'free'), (2, 'team'), (3, 'company')`);
    await client.query(
      `INSERT INTO tenants SELECT i, 'tenant ' || i, 1 + i % 3 FROM generate_series(1, $1::int) i`,
      [tenants],
    );
    await client.query(
      `INSERT INTO orders SELECT t, o, (t * 31 + o) % 997, repeat('x', $3) FROM generate_series(1, $1::int) t, generate_series(1, $2::int) o`,
      [tenants, ordersPerTenant, filling],
    );
    await client.query(
      `INSERT INTO order_lines SELECT t, o, l, 'article ' || (t + o + l) % 50, l
       FROM generate_series(1, $1::int) t, generate_series(1, $2::int) o, generate_series(1, 2) l`,
      [tenants, ordersPerTenant],
    );
    await client.query(
      `INSERT INTO events SELECT 'device ' || i % 300, i, repeat('e', $2) FROM generate_series(1, $1::int) i`,
      [events, filling],
    );
  });
}

/** Counts and sums up each table of {@link loadData} through the coordinator. */
export async function checksum(
  cluster: Pick<SandboxCluster, 'coordinator'>,
): Promise<Record<Table, TableChecksum>> {
  const figures = await withClient(cluster.coordinator.login, async (client) => {
    const rows: [Table, TableChecksum][] = [];
    for (const table of tables) {
      const { rows: answer } = await client.query<{ rows: string; sum: string }>(
        `SELECT count(*) AS rows, coalesce(sum(hashtext(${columns[table]})::bigint), 0)::text AS sum FROM ${table}`,
      );
      rows.push([table, { rows: Number(answer[0]?.rows), sum: answer[0]?.sum ?? '' }]);
    }
    return rows;
  });
  return Object.fromEntries(figures) as Record<Table, TableChecksum>;
}

const schema = `
  CREATE TABLE plans (plan_id int PRIMARY KEY, name text NOT NULL);
  CREATE TABLE tenants (tenant_id bigint PRIMARY KEY, name text NOT NULL, plan_id int NOT NULL);
  CREATE TABLE orders (tenant_id bigint, order_id bigint, amount numeric NOT NULL, note text, PRIMARY KEY (tenant_id, order_id));
  CREATE TABLE order_lines (tenant_id bigint, order_id bigint, line int, article text NOT NULL, pieces int NOT NULL,
    PRIMARY KEY (tenant_id, order_id, line));
  CREATE TABLE events (device text, event_id bigint, payload text, PRIMARY KEY (device, event_id));
`;

/** One text that holds a whole row. */
const columns: Record<Table, string> = {
  tenants: `tenant_id || '|' || name || '|' || plan_id`,
  orders: `tenant_id || '|' || order_id || '|' || amount || '|' || coalesce(note, '')`,
  order_lines: `tenant_id || '|' || order_id || '|' || line || '|' || article || '|' || pieces`,
  events: `device || '|' || event_id || '|' || coalesce(payload, '')`,
  plans: `plan_id || '|' || name`,
};
