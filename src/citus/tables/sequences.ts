import type { Db } from '../session/db.js';

/** A column of a Citus table that takes its numbers from a sequence whose range no node can share. */
export interface SmallSequence {
  table: string;
  column: string;
  type: string;
}

/**
 * Reads the columns whose next number can't be taken on a worker: Citus gives each worker a range of its own of a
 * `bigint` sequence, by its group, and none of a smaller one (measured, docs/citus.md).
 */
export async function readSmallSequences(db: Db): Promise<SmallSequence[]> {
  return db.query<SmallSequence>(
    `SELECT DISTINCT a.attrelid::regclass::text AS table, a.attname::text AS column, format_type(a.atttypid, NULL) AS type
       FROM pg_catalog.pg_dist_partition t JOIN pg_catalog.pg_attribute a ON a.attrelid = t.logicalrelid AND NOT a.attisdropped
       JOIN pg_catalog.pg_depend d ON (d.deptype = 'i' AND d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
                                       AND d.refobjid = a.attrelid AND d.refobjsubid = a.attnum AND a.attidentity <> '')
         OR (d.classid = 'pg_attrdef'::regclass AND d.refclassid = 'pg_class'::regclass
             AND d.objid = (SELECT f.oid FROM pg_catalog.pg_attrdef f WHERE f.adrelid = a.attrelid AND f.adnum = a.attnum))
       JOIN pg_catalog.pg_sequence s ON s.seqrelid = CASE d.classid WHEN 'pg_class'::regclass THEN d.objid ELSE d.refobjid END
      WHERE s.seqtypid <> 'int8'::regtype OR a.atttypid IN ('int2'::regtype, 'int4'::regtype)
      ORDER BY 1, 2`,
  );
}
