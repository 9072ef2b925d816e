/** SQL: whether rows of its own are in the relation `c`: parents of partitions that are distributed themselves have none. */
const holdsRows = `(c.relkind = 'r' OR (c.relkind = 'p' AND EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE i.inhparent = c.oid)
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_dist_partition d ON d.logicalrelid = i.inhrelid
                     WHERE i.inhparent = c.oid)))`;

/** SQL: why the relation `c` has no replica identity that Citus and PostgreSQL take; no row when it has one. */
export const brokenIdentity = `
  SELECT CASE c.relreplident
           WHEN 'n' THEN 'has REPLICA IDENTITY NOTHING'
           WHEN 'i' THEN 'has lost the index of its replica identity'
           ELSE CASE WHEN p.indexrelid IS NULL THEN 'has no primary key' ELSE 'has a DEFERRABLE primary key' END
         END,
         CASE WHEN c.relreplident IN ('n', 'i') AND p.indimmediate THEN format('ALTER TABLE %s REPLICA IDENTITY DEFAULT', t.name) END
    FROM (SELECT) one LEFT JOIN pg_catalog.pg_index p ON p.indrelid = c.oid AND p.indisprimary
    LEFT JOIN pg_catalog.pg_index r ON r.indrelid = c.oid AND r.indisreplident AND r.indisvalid
   WHERE ${holdsRows}
     AND NOT CASE c.relreplident WHEN 'f' THEN true WHEN 'd' THEN coalesce(p.indimmediate AND (p.indisvalid OR c.relkind = 'p'), false)
                                 WHEN 'i' THEN r.indexrelid IS NOT NULL ELSE false END`;

/** SQL: what a type is made of: the base of a domain, the element of an array, else itself. */
export const inner = (type: string): string =>
  `CASE WHEN ${type}.typtype = 'd' THEN ${type}.typbasetype WHEN ${type}.typcategory = 'A' THEN ${type}.typelem ELSE ${type}.oid END`;

/** SQL: whether a base type has no equality, neither of its own nor that of a type that it is stored as. */
const lacksEquality = (type: string): string => `(${type}.typtype = 'b' AND NOT EXISTS (
    SELECT FROM pg_catalog.pg_opclass o JOIN pg_catalog.pg_am m ON m.oid = o.opcmethod AND m.amname IN ('btree', 'hash')
     WHERE o.opcdefault AND (o.opcintype = ${type}.oid OR EXISTS (
           SELECT FROM pg_catalog.pg_cast k WHERE k.castsource = ${type}.oid AND k.casttarget = o.opcintype
              AND k.castmethod = 'b' AND k.castcontext = 'i'))))`;

/**
 * SQL: the columns of the relation `c` that a row can't be found by, where its replica identity is the whole row: json,
 * xml, points, also within arrays, composites and domains. The UPDATE of such a row fails where it is applied, in a loop.
 * Not recursive: PostgreSQL takes that for so costly that it compiles the query, for seconds.
 */
export const columnsWithoutEquality = `
  SELECT string_agg(a.attname, ', '), NULL FROM pg_catalog.pg_attribute a
    JOIN pg_catalog.pg_type y0 ON y0.oid = a.atttypid JOIN pg_catalog.pg_type y1 ON y1.oid = ${inner('y0')}
    JOIN pg_catalog.pg_type y ON y.oid = ${inner('y1')}
   WHERE a.attrelid = c.oid AND c.relreplident = 'f' AND c.relkind = 'r'
     AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
     AND (${lacksEquality('y')} OR (y.typtype = 'c' AND EXISTS (
           SELECT FROM pg_catalog.pg_attribute b JOIN pg_catalog.pg_type z0 ON z0.oid = b.atttypid
             JOIN pg_catalog.pg_type z ON z.oid = ${inner('z0')}
            WHERE b.attrelid = y.typrelid AND b.attnum > 0 AND NOT b.attisdropped AND ${lacksEquality('z')})))
  HAVING count(*) > 0`;
