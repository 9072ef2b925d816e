import { inner } from './identity.js';

/**
 * What only rows tell of a table: SQL that answers, for a shard, a row for each thing that they have to be looked at for,
 * with the statement that mends it (or NULL) and the condition under which a row is at fault. To compute it may also fail.
 * It may name `c`, the row of `pg_class` of the shard; `t.shell`, the table on the node; `t.name` and `t.alias`, the table
 * and its bare name, as SQL spells them.
 */

/** SQL: whether this object calls a function or an operator that isn't PostgreSQL's own. */
const callsOthers = (catalog: string, object: string): string => `EXISTS (
    SELECT FROM pg_catalog.pg_depend d
     WHERE d.classid = ${catalog} AND d.objid = ${object} AND d.refobjid >= 16384
       AND d.refclassid IN ('pg_catalog.pg_proc'::regclass, 'pg_catalog.pg_operator'::regclass))`;

/** Constraints of the table that the rows of the shard needn't meet: the copy holds each row against them. */
export const violatedChecks = `
  SELECT k.conname::text,
         format('SELECT * FROM %s WHERE NOT (%s) — and mend the rows that it lists', t.name, e.text),
         format('NOT (%s)', e.text)
    FROM pg_catalog.pg_constraint k, LATERAL (SELECT pg_get_expr(k.conbin, k.conrelid)) e(text)
   WHERE k.conrelid = t.shell AND k.contype = 'c' AND coalesce((to_jsonb(k) ->> 'conenforced')::boolean, true)
     AND (NOT k.convalidated OR ${callsOthers("'pg_catalog.pg_constraint'::regclass", 'k.oid')} OR NOT EXISTS (
          SELECT FROM pg_catalog.pg_constraint own
           WHERE own.conrelid = c.oid AND own.contype = 'c' AND starts_with(own.conname, k.conname)))
  UNION ALL
  SELECT format('NOT NULL of %I', a.attname), format('SELECT * FROM %s WHERE %I IS NULL — and mend the rows that it lists', t.name, a.attname),
         format('%I IS NULL', a.attname)
    FROM pg_catalog.pg_attribute a
    JOIN pg_catalog.pg_attribute own ON own.attrelid = c.oid AND own.attname = a.attname
    AND (NOT own.attnotnull OR EXISTS (SELECT FROM pg_catalog.pg_constraint k
          WHERE k.conrelid = a.attrelid AND k.contype = 'n' AND k.conkey[1] = a.attnum AND NOT k.convalidated))
   WHERE a.attrelid = t.shell AND a.attnum > 0 AND a.attnotnull`;

/** SQL: the condition of a domain's constraint `k` on what is called like this. */
const ofValue = (name: string): string =>
  String.raw`regexp_replace(pg_get_expr(k.conbin, 0), '\mVALUE\M', ${name}, 'g')`;

/** SQL: columns of a domain with a constraint that meets a condition. A value is put into it anew, which fails. */
const ofDomains = (which: string): string => `
  SELECT a.attname, format('num_nulls(%I::text::%s) < 0', a.attname, format_type(a.atttypid, a.atttypmod)),
         'pg_catalog.pg_constraint'::regclass, max(k.oid), string_agg(DISTINCT CASE
           WHEN k.contypid = y0.oid OR y0.typcategory <> 'A' THEN format('NOT (%s)', ${ofValue('quote_ident(a.attname)')})
           ELSE format('EXISTS (SELECT FROM unnest(%I) AS v WHERE NOT (%s))', a.attname, ${ofValue(`'v'`)}) END, ' OR ')
    FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type y0 ON y0.oid = a.atttypid
    JOIN pg_catalog.pg_type y1 ON y1.oid = ${inner('y0')}
    JOIN pg_catalog.pg_constraint k ON k.contypid IN (y0.oid, y1.oid, ${inner('y1')}) AND (${which})
   WHERE a.attrelid = t.shell AND a.attnum > 0 AND NOT a.attisdropped GROUP BY 1, 2`;

const callsOthersInDomain = callsOthers(`'pg_catalog.pg_constraint'::regclass`, 'k.oid');

/** Columns of a domain with a constraint that is NOT VALID, or asks a function. As it is, the coordinator can't read such a value. */
export const violatedDomains = `
  SELECT x.name::text, format('SELECT %s%I::text FROM %s WHERE %s — and mend the rows that it lists', (
           SELECT string_agg(quote_ident(b.attname) || ', ', '') FROM pg_catalog.pg_index i
             JOIN pg_catalog.pg_attribute b ON b.attrelid = i.indrelid AND b.attnum = ANY (i.indkey)
            WHERE i.indrelid = t.shell AND i.indisprimary), x.name, t.name, x.faults), x.test
    FROM (${ofDomains(`NOT k.convalidated OR ${callsOthersInDomain}`)}) x(name, test, catalog, object, faults)`;

/** Indexes with expressions, and generated columns, by functions that may answer otherwise than they did. */
const expressions = `
  SELECT x.name, CASE WHEN i.indpred IS NULL THEN format('num_nulls(%s) < 0', x.exprs)
                      WHEN i.indexprs IS NULL THEN format('num_nulls(%s) < 0', x.predicate)
                      ELSE format('CASE WHEN %s THEN num_nulls(%s) < 0 END', x.predicate, x.exprs) END,
         'pg_catalog.pg_class'::regclass, i.indexrelid
    FROM pg_catalog.pg_index i, LATERAL (SELECT format('index %s', i.indexrelid::regclass), pg_get_expr(i.indexprs, i.indrelid),
                                                pg_get_expr(i.indpred, i.indrelid)) x(name, exprs, predicate)
   WHERE i.indrelid = t.shell AND num_nulls(i.indexprs, i.indpred) < 2
  UNION ALL
  SELECT format('column %I', a.attname), format('num_nulls(%s) < 0', pg_get_expr(g.adbin, g.adrelid)), 'pg_catalog.pg_attrdef'::regclass, g.oid
    FROM pg_catalog.pg_attrdef g JOIN pg_catalog.pg_attribute a ON a.attrelid = g.adrelid AND a.attnum = g.adnum
   WHERE g.adrelid = t.shell AND a.attgenerated = 's'`;

/** SQL: the statements that give the functions of an object the search_path that everybody has. */
const pathGiven = `(
     SELECT string_agg(format('ALTER FUNCTION %s SET search_path = %s', d.refobjid::regprocedure, p.reset_val), '; ')
       FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_settings p ON p.name = 'search_path'
      WHERE d.classid = x.catalog AND d.objid = x.object AND d.refclassid = 'pg_catalog.pg_proc'::regclass AND d.refobjid >= 16384)`;

/** What the copy or the index build computes anew. */
export const failingExpressions = `
  SELECT x.name, format('%s — where that isn''t it, put right what %s calls, or the rows of %s for which it fails',
                        ${pathGiven}, x.name, t.name), x.test
    FROM (${expressions}) x(name, test, catalog, object) WHERE ${callsOthers('x.catalog', 'x.object')}`;

/** What is computed where changes are applied, with the search_path that everybody else has. */
export const pathBound = `
  SELECT x.name,
         ${pathGiven}, x.test
    FROM (${expressions}
    UNION ALL
    SELECT format('constraint %I', k.conname), format('num_nulls(%s) < 0', pg_get_expr(k.conbin, k.conrelid)),
           'pg_catalog.pg_constraint'::regclass, k.oid
      FROM pg_catalog.pg_constraint k WHERE k.conrelid = t.shell AND k.contype = 'c'
    UNION ALL
    SELECT format('the domain of %s', y.name), y.test, y.catalog, y.object FROM (${ofDomains(callsOthersInDomain)}) y(name, test, catalog, object)) x(name, test, catalog, object)
   WHERE c.relam = (SELECT oid FROM pg_catalog.pg_am WHERE amname = 'heap') AND ${callsOthers('x.catalog', 'x.object')}`;

/** Foreign keys that are made anew with a shard: rows put in while triggers were off need not meet them. */
export const violatedKeys = `
  SELECT coalesce(s.conname, f.conname)::text,
         format('SELECT %s FROM %s EXCEPT SELECT %s FROM %s — and mend the rows with the keys that it lists', x.columns, t.name, x.others, s.confrelid::regclass),
         format('%s AND NOT EXISTS (SELECT FROM %s AS referenced WHERE %s)', x.given, f.confrelid::regclass, x.same)
    FROM pg_catalog.pg_constraint f
    LEFT JOIN LATERAL (SELECT k.conname, k.confrelid FROM pg_catalog.pg_constraint k
                        WHERE k.conrelid = t.shell AND k.contype = 'f' AND starts_with(f.conname, k.conname)
                        ORDER BY length(k.conname) DESC LIMIT 1) s ON true,
    LATERAL (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY u.n), string_agg(quote_ident(b.attname), ', ' ORDER BY u.n),
                    string_agg(format('%s.%I IS NOT NULL', t.alias, a.attname), ' AND '),
                    string_agg(format('referenced.%I = %s.%I', b.attname, t.alias, a.attname), ' AND ')
               FROM unnest(f.conkey, f.confkey) WITH ORDINALITY AS u(own, other, n)
               JOIN pg_catalog.pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = u.own
               JOIN pg_catalog.pg_attribute b ON b.attrelid = f.confrelid AND b.attnum = u.other) x(columns, others, given, same)
   WHERE f.conrelid = c.oid AND f.contype = 'f'`;
