import type { Db } from '../session/db.js';

/** What a server has in the cluster's database besides shards and what Citus brings: a clone of it has the same. */
export interface Copies {
  /** Names of subscriptions that are none of Citus's. */
  subscriptions: string[];
  /** Active jobs of pg_cron. */
  jobs: number;
  /** Tables of its own. */
  tables: number;
  bytes: number;
}

/** Reads what a server has besides the data of the cluster. Citus hides shards from a session like this one. */
export async function readCopies(db: Db): Promise<Copies> {
  const [row] = await db.query<Omit<Copies, 'jobs'> & { cron: boolean }>(
    `SELECT (SELECT coalesce(array_agg(subname::text ORDER BY subname), '{}') FROM pg_subscription
              WHERE subenabled AND subname NOT LIKE 'citus\\_%') AS subscriptions,
            to_regclass('cron.job') IS NOT NULL AS cron, own.tables, own.bytes
       FROM (SELECT count(*)::int AS tables, coalesce(sum(pg_table_size(c.oid)), 0)::int8 AS bytes
               FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
              WHERE c.relkind IN ('r', 'm') AND c.relpersistence <> 't' AND n.nspname !~ '^(pg_|information_schema$|citus|columnar)'
                AND NOT EXISTS (SELECT FROM pg_dist_partition p WHERE p.logicalrelid = c.oid)
                AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')) own`,
  );
  if (!row) throw new Error('the server answered nothing');
  const { cron, ...rest } = row;
  const [job] = cron
    ? await db.query<{ n: number }>('SELECT count(*)::int AS n FROM cron.job WHERE active')
    : [];
  return { ...rest, jobs: job?.n ?? 0 };
}

/** Whether a standby at this host is a synchronous one, as Citus looks for it; undefined: it is not. */
export async function readSyncState(primary: Db, host: string): Promise<string | undefined> {
  const [row] = await primary.query<{ state: string }>(
    `SELECT sync_state AS state FROM pg_stat_replication
      WHERE sync_state IN ('sync', 'quorum') AND $1 IN (application_name, client_hostname, host(client_addr))`,
    [host],
  );
  return row?.state;
}
