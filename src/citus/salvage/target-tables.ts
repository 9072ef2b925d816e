import type { Db } from '../session/db.js';

/** A table of the cluster that rows of a returned server may go into. */
export interface TargetTable {
  relation: string;
  /** Citus's letter: `h` hash, `r` range, `a` append, `n` none. */
  method: string;
  /** Quoted, generated ones left out. */
  columns: { name: string; bare: string; type: string }[];
  /** Quoted columns by which two rows are the same one; null without a unique key that ON CONFLICT knows. */
  key: string[] | null;
  /** The distribution column, quoted; null for a table of one shard. */
  distribution: string | null;
  /** Triggers of the user's that fire for inserted rows. */
  triggers: string[];
  /** Tables that its foreign keys refer to. */
  parents: string[];
  shards: number[];
  mayInsert: boolean;
}

/** Reads those of these tables that are distributed, by the name that statements use. */
export async function readTargets(db: Db, relations: readonly string[]): Promise<Map<string, TargetTable>> {
  const rows = await db.query<TargetTable>(
    `SELECT w.relation, t.partmethod AS method,
            (SELECT json_agg(json_build_object('name', quote_ident(a.attname), 'bare', a.attname, 'type', format_type(a.atttypid, a.atttypmod)) ORDER BY a.attnum)
               FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '') AS columns,
            CASE WHEN m.amname <> 'columnar' THEN
              (SELECT (SELECT json_agg(quote_ident(a.attname) ORDER BY k.nth) FROM unnest(i.indkey::int2[]) WITH ORDINALITY k(num, nth)
                         JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.num WHERE k.nth <= i.indnkeyatts)
                 FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indisunique AND i.indimmediate AND i.indisvalid
                  AND i.indpred IS NULL AND i.indexprs IS NULL ORDER BY i.indisprimary DESC, i.indexrelid LIMIT 1) END AS key,
            CASE WHEN t.partkey IS NOT NULL THEN quote_ident(column_to_column_name(c.oid, t.partkey)) END AS distribution,
            (SELECT coalesce(json_agg(g.tgname ORDER BY 1), '[]') FROM pg_catalog.pg_trigger g
              WHERE g.tgrelid = c.oid AND NOT g.tgisinternal AND g.tgenabled <> 'D' AND g.tgname <> 'truncate_trigger' AND g.tgtype & 4 <> 0) AS triggers,
            (SELECT coalesce(json_agg(DISTINCT format('%I.%I', fn.nspname, f.relname)), '[]') FROM pg_catalog.pg_constraint k
               JOIN pg_catalog.pg_class f ON f.oid = k.confrelid JOIN pg_catalog.pg_namespace fn ON fn.oid = f.relnamespace
              WHERE k.conrelid = c.oid AND k.contype = 'f' AND f.oid <> c.oid) AS parents,
            (SELECT json_agg(s.shardid) FROM pg_catalog.pg_dist_shard s WHERE s.logicalrelid = c.oid) AS shards,
            has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, 'INSERT') AS "mayInsert"
       FROM unnest($1::text[]) w(relation)
       JOIN pg_catalog.pg_class c ON c.oid = to_regclass(w.relation)
       JOIN pg_catalog.pg_dist_partition t ON t.logicalrelid = c.oid
       LEFT JOIN pg_catalog.pg_am m ON m.oid = c.relam`,
    [[...relations]],
  );
  return new Map(rows.map((row) => [row.relation, row]));
}
