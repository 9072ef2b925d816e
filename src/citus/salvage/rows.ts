import type { Db } from '../session/db.js';

/** A table, a shard of it on a returned server, and the columns that both have. */
export interface ShardToBring {
  shardId: number;
  /** Its table there, and the table of the cluster. */
  shard: string;
  relation: string;
  columns: { name: string; type: string }[];
  key: string[] | null;
  distribution: string | null;
}

/** How the rows of a shard there compare with those of the cluster. */
export interface RowCounts {
  there: number;
  /** The cluster has the very same row. */
  same: number;
  /** The cluster has no row of that key; without a key: not as many of them. */
  missing: number;
}

/** Characters of rows that travel at once, and rows at most. */
const mostCharacters = 4_000_000;
const mostRows = 5_000;

/**
 * Both ends write and read values in the same way. The role has to see all rows, and a list of keys may be long. Whoever
 * vanishes in the middle holds nothing for long.
 */
export async function alike(db: Db): Promise<void> {
  await db.query(
    `SELECT set_config(name, value, false) FROM (VALUES ('DateStyle', 'ISO, YMD'), ('IntervalStyle', 'postgres'), ('extra_float_digits', '1'),
       ('bytea_output', 'hex'), ('lc_monetary', 'C'), ('row_security', 'off'), ('citus.max_intermediate_result_size', '-1'),
       ('citus.override_table_visibility', 'off'), ('idle_in_transaction_session_timeout', '10min')) w(name, value)`,
  );
}

const rowText = (columns: ShardToBring['columns'], of = ''): string =>
  `ROW(${columns.map(({ name }) => `${of}${name}`).join(', ')})::text`;
const list = (columns: ShardToBring['columns'], of = ''): string =>
  columns.map(({ name }) => `${of}${name}`).join(', ');

/**
 * Copies the rows of a shard into a temporary table of the coordinator's open transaction, some at a time.
 *
 * @param settled whether transactions that write there are waited for
 */
export async function loadRows(here: Db, there: Db, shard: ShardToBring, settled: boolean): Promise<void> {
  const { columns } = shard;
  await here.query(
    `CREATE TEMP TABLE incoming (${columns.map(({ name, type }) => `${name} ${type}`).join(', ')}) ON COMMIT DROP`,
  );
  await there.query('BEGIN');
  try {
    if (settled) {
      await there.query(`SET LOCAL lock_timeout = '30s'`);
      // Else Citus takes the lock for a change of the shard.
      await there.query('SET LOCAL citus.enable_manual_changes_to_shards = on');
      await there.query(`LOCK TABLE ${shard.shard} IN SHARE MODE`);
    }
    await there.query(
      `DECLARE rows NO SCROLL CURSOR FOR SELECT ${rowText(columns)} AS r FROM ${shard.shard}`,
    );
    for (let most = 100; ;) {
      const rows = await there.query<{ r: string }>(`FETCH ${most} FROM rows`);
      if (rows.length === 0) break;
      await here.query(
        // Without OFFSET the text would be read once for each column.
        `INSERT INTO pg_temp.incoming SELECT (s.c).* FROM (SELECT r::pg_temp.incoming AS c FROM unnest($1::text[]) r OFFSET 0) s`,
        [rows.map(({ r }) => r)],
      );
      const mean = rows.reduce((sum, { r }) => sum + r.length, 0) / rows.length;
      most = Math.max(1, Math.min(mostRows, Math.floor(mostCharacters / Math.max(1, mean))));
    }
  } finally {
    await there.query('ROLLBACK').catch(() => undefined);
  }
}

/**
 * Compares the rows that were loaded with those of the cluster. Values are compared at the coordinator alone: another node
 * may write them otherwise.
 */
export async function compareRows(here: Db, shard: ShardToBring): Promise<RowCounts> {
  const { relation, columns, key, distribution } = shard;
  const those =
    distribution === null ? '' : `WHERE ${distribution} IN (SELECT ${distribution} FROM pg_temp.incoming)`;
  await here.query('DROP TABLE IF EXISTS pg_temp.present');
  await here.query(
    `CREATE TEMP TABLE present ON COMMIT DROP AS SELECT ${list(columns)} FROM ${relation} ${those}`,
  );
  const [row] = await here.query<RowCounts>(key ? byKey(columns, key) : byContent(columns));
  if (!row) throw new Error('the server answered nothing');
  return row;
}

function byKey(columns: ShardToBring['columns'], key: string[]): string {
  const keyed = (table: string): string =>
    `(SELECT ${key.map((name, nth) => `${name} AS k${nth}`).join(', ')}, md5(${rowText(columns)}) AS h FROM pg_temp.${table})`;
  const on = key.map((_, nth) => `p.k${nth} = i.k${nth}`).join(' AND ');
  return `SELECT count(*) AS there, count(*) FILTER (WHERE p.h = i.h) AS same, count(*) FILTER (WHERE p.h IS NULL) AS missing
    FROM ${keyed('incoming')} i LEFT JOIN ${keyed('present')} p ON ${on}`;
}

function byContent(columns: ShardToBring['columns']): string {
  const counted = (table: string): string =>
    `(SELECT md5(${rowText(columns)}) AS h, count(*) AS n FROM pg_temp.${table} GROUP BY 1)`;
  return `SELECT coalesce(sum(i.n), 0)::int8 AS there, coalesce(sum(least(i.n, coalesce(p.n, 0))), 0)::int8 AS same,
      coalesce(sum(greatest(i.n - coalesce(p.n, 0), 0)), 0)::int8 AS missing
    FROM ${counted('incoming')} i LEFT JOIN ${counted('present')} p USING (h)`;
}

/** Inserts the rows that the cluster lacks, by way of the coordinator, and answers how many. */
export async function insertMissing(here: Db, shard: ShardToBring): Promise<number> {
  const { relation, columns, key } = shard;
  await here.query(
    key
      ? `CREATE TEMP TABLE missing ON COMMIT DROP AS SELECT ${list(columns, 'i.')} FROM pg_temp.incoming i
          WHERE NOT EXISTS (SELECT FROM pg_temp.present p WHERE ${key.map((name) => `p.${name} = i.${name}`).join(' AND ')})`
      : `CREATE TEMP TABLE missing ON COMMIT DROP AS SELECT ${list(columns, 'i.')}
          FROM (SELECT *, md5(${rowText(columns)}) AS "citus-scaler h", row_number() OVER (PARTITION BY ${rowText(columns)}) AS "citus-scaler n" FROM pg_temp.incoming) i
          LEFT JOIN (SELECT md5(${rowText(columns)}) AS h, count(*) AS n FROM pg_temp.present GROUP BY 1) p ON p.h = i."citus-scaler h"
         WHERE i."citus-scaler n" > coalesce(p.n, 0)`,
  );
  // The number of rows comes back only so: Citus answers no RETURNING of so many.
  const insert = `INSERT INTO ${relation} (${list(columns)}) OVERRIDING SYSTEM VALUE SELECT ${list(columns)} FROM pg_temp.missing${key ? ' ON CONFLICT DO NOTHING' : ''}`;
  await here.query(
    `DO $citus_scaler$ DECLARE citus_scaler_count int8; BEGIN ${insert}; GET DIAGNOSTICS citus_scaler_count = ROW_COUNT;
       PERFORM set_config('citus_scaler.brought', citus_scaler_count::text, true); END $citus_scaler$`,
  );
  const [row] = await here.query<{ n: number }>(`SELECT current_setting('citus_scaler.brought')::int8 AS n`);
  return row?.n ?? 0;
}
