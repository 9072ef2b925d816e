import type { Db } from '../session/db.js';

/** A thing that Citus makes on a server that joins, by the name that SQL gives it. */
export interface ComingObject {
  kind: 'table' | 'sequence' | 'view' | 'function';
  name: string;
  /** Columns of a view, result of a function: one of another shape there can't be replaced. */
  shape: string | null;
}

/** A name as SQL spells it. `to_regclass` would fail in a schema that the role may not use. */
const qualified = (relation: string, namespace: string): string =>
  `format('%I.%I', ${namespace}.nspname, ${relation}.relname)`;

const columnsOf = (oid: string): string =>
  `(SELECT string_agg(format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod)), ', ' ORDER BY a.attnum)
      FROM pg_catalog.pg_attribute a WHERE a.attrelid = ${oid} AND a.attnum > 0 AND NOT a.attisdropped)`;

/** Reads what Citus makes on a server that joins the cluster connected to, as far as names may be taken there. */
export async function readComingObjects(db: Db): Promise<ComingObject[]> {
  return db.query<ComingObject>(
    `SELECT 'table' AS kind, ${qualified('c', 'n')} AS name, NULL::text AS shape
       FROM pg_catalog.pg_dist_partition p JOIN pg_catalog.pg_class c ON c.oid = p.logicalrelid
       JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     UNION ALL
     SELECT CASE c.relkind WHEN 'v' THEN 'view' ELSE 'sequence' END, ${qualified('c', 'n')},
            CASE c.relkind WHEN 'v' THEN ${columnsOf('c.oid')} END
       FROM pg_catalog.pg_dist_object o JOIN pg_catalog.pg_class c ON o.classid = 'pg_class'::regclass AND c.oid = o.objid
       JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('S', 'v')
     UNION ALL
     SELECT 'function', p.oid::regprocedure::text, pg_get_function_result(p.oid)
       FROM pg_catalog.pg_dist_object o JOIN pg_catalog.pg_proc p ON o.classid = 'pg_proc'::regclass AND p.oid = o.objid
      WHERE p.pronamespace <> 'pg_catalog'::regnamespace
      ORDER BY 1, 2`,
  );
}

/** What a server has where Citus makes the cluster's objects (measured, docs/citus.md). */
export interface InTheWay {
  /** Tables with rows, in them or in tables that inherit from them: Citus drops them without a word. */
  tables: string[];
  /** Views and foreign keys on such tables, which go with them. */
  dependents: string[];
  /** What is of another kind or shape: Citus can't replace it, and the server can't be registered. */
  others: string[];
}

/**
 * Reads what the server connected to has under the names of the cluster's objects. Shells that an earlier time in a
 * cluster has left there are Citus's own, and nothing is lost with them.
 */
export async function readInTheWay(db: Db, coming: ComingObject[]): Promise<InTheWay> {
  const [row] = await db.query<InTheWay>(
    `WITH RECURSIVE coming AS (SELECT * FROM json_to_recordset($1) AS w(kind text, name text, shape text)),
     own AS (
       SELECT w.kind, w.name, w.shape, c.oid, c.relkind
         FROM coming w JOIN (SELECT c.oid, c.relkind, ${qualified('c', 'n')} AS name FROM pg_catalog.pg_class c
                             JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace) c USING (name)
        WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_dist_partition p WHERE p.logicalrelid = c.oid)),
     doomed AS (
       SELECT oid AS root, oid FROM own WHERE kind = 'table' AND relkind IN ('r', 'p')
       UNION SELECT d.root, i.inhrelid FROM doomed d JOIN pg_catalog.pg_inherits i ON i.inhparent = d.oid),
     others AS (
       SELECT name FROM own WHERE CASE kind
           WHEN 'table' THEN relkind NOT IN ('r', 'p')
           WHEN 'sequence' THEN relkind <> 'S'
           WHEN 'view' THEN relkind <> 'v' OR shape IS DISTINCT FROM ${columnsOf('own.oid')} END
       UNION SELECT 'type ' || w.name FROM coming w JOIN pg_catalog.pg_type t ON t.typrelid = 0 AND t.typtype <> 'b'
         JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace WHERE w.kind = 'table' AND w.name = format('%I.%I', n.nspname, t.typname)
       UNION SELECT w.name FROM coming w JOIN pg_catalog.pg_proc p ON w.kind = 'function' AND p.oid::regprocedure::text = w.name
        WHERE pg_get_function_result(p.oid) IS DISTINCT FROM w.shape)
     SELECT ARRAY(SELECT DISTINCT o.name FROM own o JOIN doomed d ON d.root = o.oid WHERE pg_relation_size(d.oid) > 0 ORDER BY 1) AS tables,
            ARRAY(SELECT DISTINCT 'view ' || r.ev_class::regclass FROM doomed d
                    JOIN pg_catalog.pg_depend p ON p.refclassid = 'pg_class'::regclass AND p.refobjid = d.oid AND p.classid = 'pg_rewrite'::regclass
                    JOIN pg_catalog.pg_rewrite r ON r.oid = p.objid WHERE r.ev_class <> d.oid
                  UNION SELECT 'foreign key ' || k.conname || ' of ' || k.conrelid::regclass FROM doomed d
                    JOIN pg_catalog.pg_constraint k ON k.contype = 'f' AND k.confrelid = d.oid
                   WHERE NOT EXISTS (SELECT FROM doomed e WHERE e.oid = k.conrelid) ORDER BY 1) AS dependents,
            ARRAY(SELECT name FROM others ORDER BY 1) AS others`,
    [JSON.stringify(coming)],
  );
  return row ?? { tables: [], dependents: [], others: [] };
}
