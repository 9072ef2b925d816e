import type { SandboxCluster } from '../../sandbox/cluster/cluster.js';
import type { SandboxNode } from '../../sandbox/cluster/node.js';
import { withClient } from '../../sandbox/postgres/query.js';

/** For how long Citus may take to drop by itself what it put off for later. */
const patienceMs = 30_000;

/** What should be gone after an operation and isn't, on all servers that run. */
export async function leftovers(cluster: SandboxCluster): Promise<string[]> {
  // Activities of a terminated operation learn of it seconds later.
  for (const end = Date.now() + patienceMs; ;) {
    const left = await look(cluster);
    if (Date.now() > end || !left.some((line) => line.includes(': session '))) return left;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

async function look(cluster: SandboxCluster): Promise<string[]> {
  const deferred = await untilCleanedUp(cluster);
  const groups = await cluster.query<{ node: string; tables: string[] }>(
    `select n.nodename || ':' || n.nodeport as node,
            array(select c.relname || '_' || s.shardid from pg_dist_placement p join pg_dist_shard s using (shardid)
                    join pg_class c on c.oid = s.logicalrelid where p.groupid = n.groupid) as tables
       from pg_dist_node n`,
  );
  const shards = new Map(groups.map(({ node, tables }) => [node, new Set(tables)]));
  const servers = [cluster.coordinator, ...cluster.workers].filter((node) => node.isRunning());
  const found = await Promise.all(
    servers.map(async (node) => {
      const allowed = shards.get(node.address);
      const tables = await shardTables(node);
      return [
        ...(await objects(node)),
        ...tables.filter((table) => !allowed?.has(table)).map((table) => `orphaned table ${table}`),
        // The stand-in's coordinator keeps reference tables in no shard.
        ...(node === cluster.coordinator ? [] : [...(allowed ?? [])])
          .filter((table) => !tables.includes(table))
          .map((table) => `no table ${table}`),
      ].map((what) => `${node.name}: ${what}`);
    }),
  );
  return [...deferred, ...found.flat()].sort();
}

async function untilCleanedUp({ coordinator }: SandboxCluster): Promise<string[]> {
  for (const end = Date.now() + patienceMs; ;) {
    const rows = await withClient(coordinator.login, async (client) => {
      await client.query('call citus_cleanup_orphaned_resources()');
      return client.query<{ what: string }>(
        `select object_name || ' of group ' || node_group_id as what from pg_dist_cleanup`,
      );
    });
    const left = rows.rows.map(({ what }) => `pg_dist_cleanup: ${what}`);
    if (left.length === 0 || Date.now() > end) return left;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}

async function objects(node: SandboxNode): Promise<string[]> {
  const rows = await node.query<{ what: string }>(
    `select 'replication slot ' || slot_name as what from pg_replication_slots
     union all select 'subscription ' || subname from pg_subscription
     union all select 'publication ' || pubname from pg_publication
     union all select 'prepared transaction ' || gid from pg_prepared_xacts
     union all select 'session ' || application_name || ' ' || state from pg_stat_activity
                where application_name like 'citus-scaler:%' and state <> 'idle'`,
  );
  return rows.map(({ what }) => what);
}

/** Real Citus hides shards from whoever doesn't ask for them. */
async function shardTables(node: SandboxNode): Promise<string[]> {
  return withClient(node.login, async (client) => {
    await client.query(`select set_config('citus.override_table_visibility', 'off', false)`);
    const { rows } = await client.query<{ name: string }>(
      `select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where c.relkind = 'r' and c.relname ~ '_[1-9][0-9]{5,}$' and n.nspname = 'public'`,
    );
    return rows.map(({ name }) => name);
  });
}
