import { NodeSilentError } from '../nodes/node-answers.js';
import { runOnNodes } from '../nodes/node-settings.js';
import type { Db } from '../session/db.js';
import { readKeptShards, type KeptShard } from './kept-shards.js';

/** Rows that are fetched and written at once. */
const atOnce = 500;

/** A copy of each reference table that the cluster's other nodes have. */
export async function readReferenceCopies(db: Db, groupId: number): Promise<KeptShard[]> {
  const tables = await db.query<{ name: string }>(
    `SELECT CASE WHEN n.nspname = 'public' THEN '' ELSE n.nspname || '.' END || c.relname AS name
       FROM pg_dist_partition t JOIN pg_class c ON c.oid = t.logicalrelid JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE t.partmethod = 'n' AND t.repmodel = 't'`,
  );
  const names = tables.map(({ name }) => name);
  return readKeptShards(db, names, [groupId], 1);
}

/**
 * Those of the reference tables of which a server has other rows. It may be no node yet.
 *
 * @param node `host:port` of that server
 * @throws when one of the servers doesn't answer
 */
export async function readOtherCopies(
  db: Db,
  node: string,
  copies: readonly KeptShard[],
): Promise<KeptShard[]> {
  const others: KeptShard[] = [];
  for (const copy of copies) {
    const command = `SELECT count(*) || ':' || coalesce(sum(hashtext(t::text)::bigint), 0) FROM ${copy.shard} t`;
    const answers = await runOnNodes(
      db,
      [copy.node, node].map((each) => ({ node: each, command })),
    );
    const silent = answers.find(({ success }) => !success);
    if (silent) throw new NodeSilentError(silent.node, silent.result);
    if (new Set(answers.map(({ result }) => result)).size > 1) others.push(copy);
  }
  return others;
}

/**
 * Gives a copy of a reference table the rows of another copy, in one transaction. Citus's own way drops the table there, and
 * with it the foreign keys of all shards to it (measured, docs/citus.md). While a copy is away no reference table can be
 * written, so that the rows are the same afterwards.
 *
 * @param from a session where the rows are, `to` one on the server that gets them
 */
export async function copyRows(from: Db, to: Db, shard: string): Promise<void> {
  const columns = await to.query<{ name: string; generated: boolean }>(
    `SELECT quote_ident(attname) AS name, attgenerated <> '' AS generated FROM pg_attribute
      WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
    [shard],
  );
  const all = columns.map(({ name }) => name).join(', ');
  const own = columns.filter(({ generated }) => !generated).map(({ name }) => name);
  await from.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  await to.query('BEGIN');
  try {
    await from.query(`DECLARE given NO SCROLL CURSOR FOR SELECT ROW(${all})::text AS given FROM ${shard}`);
    // No trigger fires then, and no foreign key is checked or followed.
    await to.query(`SET LOCAL session_replication_role = 'replica'`);
    await to.query('SET LOCAL citus.enable_manual_changes_to_shards = on');
    await to.query(`LOCK TABLE ${shard} IN ACCESS EXCLUSIVE MODE`);
    await to.query(`DELETE FROM ${shard}`);
    for (;;) {
      const rows = await from.query<{ given: string }>(`FETCH ${atOnce} FROM given`);
      if (rows.length === 0) break;
      await to.query(
        `INSERT INTO ${shard} (${own.join(', ')}) SELECT ${own.map((name) => `(given).${name}`).join(', ')}
           FROM (SELECT text::${shard} AS given FROM unnest($1::text[]) text OFFSET 0) rows`,
        [rows.map(({ given }) => given)],
      );
    }
    await to.query('COMMIT');
  } finally {
    await to.query('ROLLBACK').catch(() => undefined);
    await from.query('ROLLBACK').catch(() => undefined);
  }
}
