import type { CheckId, MoveMode } from '../../contract/index.js';
import { brokenIdentity, columnsWithoutEquality, inner } from './identity.js';
import { failingExpressions, pathBound, violatedChecks, violatedDomains, violatedKeys } from './row-tests.js';

/**
 * The mode that moves a table in spite of a condition: with its writes blocked, by logical replication alone, or none.
 * `unproved`: the catalog can't tell, the rows decide.
 */
export type Works = MoveMode | 'none' | 'unproved';

/** Something about a table that makes a move fail, or go wrong in silence, in one mode or in all. */
export interface TableCondition {
  works: Works;
  /** The check that tells it. */
  check: CheckId;
  /**
   * Where it is looked for; absent: in the tables, on the coordinator, and in their shards, on the nodes. `rows`: in the
   * rows of the shards, see row-tests.ts.
   */
  at?: 'tables' | 'shards' | 'rows';
  /** Of `rows`: what is answered, one way or the other, when all rows were looked at. */
  settles?: 'unproved-check' | 'unproved-domain';
  /**
   * SQL: a row for each object that meets it, with the statement that mends it (or NULL). It may name `c`, the row of
   * `pg_class` (none for a shard that isn't there); `t.name`, the table as SQL spells it; in tables `t.colocation`, in shards `t.shell`, `t.uniques`,
   * `t.broken` and `t.mend`.
   */
  objects: string;
  /** What it means, in words that follow the name of the table. */
  says: (object: string) => string;
}

/**
 * All conditions, each measured in the three modes of Citus (docs/citus.md). What is true of a table is so of the shards
 * that a move makes, what is true of a shard is so of the one that it reads.
 */
export const tableConditions = {
  'no-identity': {
    works: 'blocking',
    check: 'replica-identity',
    objects: brokenIdentity,
    says: (object) => object,
  },
  'generated-identity': {
    works: 'blocking',
    check: 'online-moves',
    // The publisher leaves it out; the subscriber looks for the row by it, and fails in a loop.
    objects: `
      SELECT string_agg(a.attname, ', '), NULL FROM pg_catalog.pg_index i
        JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey) AND a.attgenerated <> ''
       WHERE i.indrelid = c.oid AND CASE c.relreplident WHEN 'd' THEN i.indisprimary WHEN 'i' THEN i.indisreplident END
      HAVING count(*) > 0`,
    says: (column) => `has a generated column in its replica identity: ${column}`,
  },
  'full-without-equality': {
    works: 'blocking',
    check: 'online-moves',
    objects: columnsWithoutEquality,
    says: (column) => `has REPLICA IDENTITY FULL and columns that can't be compared: ${column}`,
  },
  unlogged: {
    works: 'blocking',
    check: 'unlogged-tables',
    objects: `
      SELECT '', format('ALTER TABLE %s SET LOGGED', t.name) WHERE c.relkind = 'r' AND c.relpersistence = 'u'`,
    says: () => 'is unlogged',
  },
  'not-heap': {
    works: 'blocking',
    check: 'online-moves',
    // A columnar table that is part of a publication takes no INSERT.
    objects: `
      SELECT m.amname::text, NULL FROM pg_catalog.pg_am m
       WHERE m.oid = c.relam AND m.amname <> 'heap' AND c.relkind = 'r'`,
    says: (method) => `is stored as ${method}`,
  },
  'forced-row-security': {
    works: 'blocking',
    check: 'online-moves',
    at: 'tables',
    // Who applies the changes has the owner's rights, which is not enough then. A parent's own doesn't matter
    // to it, nor what is forced on shards alone: a move makes the new shard as the table is.
    objects: `SELECT '', format('ALTER TABLE %s NO FORCE ROW LEVEL SECURITY', t.name)
       WHERE c.relkind = 'r' AND c.relrowsecurity AND c.relforcerowsecurity`,
    says: () => 'has forced row level security',
  },
  'replica-trigger': {
    works: 'blocking',
    check: 'online-moves',
    at: 'tables',
    // It fires once more where the changes are applied.
    objects: `
      SELECT string_agg(g.tgname, ', '),
             string_agg(format('ALTER TABLE %s ENABLE TRIGGER %I', t.name, g.tgname), '; ')
        FROM pg_catalog.pg_trigger g
       WHERE g.tgrelid = c.oid AND NOT g.tgisinternal AND g.tgenabled IN ('A', 'R') HAVING count(*) > 0`,
    says: (trigger) => `has a trigger that is ENABLE ALWAYS or REPLICA: ${trigger}`,
  },
  'parents-alone': {
    works: 'blocking',
    check: 'online-moves',
    at: 'tables',
    // Citus makes a publication for each owner, and parents are in none: "Could not find publication matching a split".
    objects: `
      SELECT pg_catalog.pg_get_userbyid(c.relowner)::text, NULL
       WHERE c.relkind = 'p' AND t.colocation <> 0 AND EXISTS (
             SELECT FROM pg_catalog.pg_dist_partition d JOIN pg_catalog.pg_class o ON o.oid = d.logicalrelid
              WHERE d.colocationid = t.colocation AND o.relkind = 'r' HAVING count(*) > 0 AND bool_and(o.relowner <> c.relowner))`,
    says: (owner) => `is ${owner}'s, and none of its partitions is`,
  },
  'partition-owner': {
    works: 'none',
    check: 'movable-tables',
    at: 'tables',
    objects: `
      SELECT pg_catalog.pg_get_userbyid(c.relowner)::text || ', not ' || pg_catalog.pg_get_userbyid(p.relowner),
             format('ALTER TABLE %s OWNER TO %I', t.name, pg_catalog.pg_get_userbyid(p.relowner))
        FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class p ON p.oid = i.inhparent
       WHERE i.inhrelid = c.oid AND c.relispartition AND NOT pg_has_role(c.relowner, p.relowner, 'USAGE')`,
    says: (owners) => `is a partition, and its owner is ${owners}, as its parent's: it couldn't be attached`,
  },
  'foreign-key-rights': {
    works: 'logical',
    check: 'movable-tables',
    at: 'tables',
    objects: `
      SELECT f.conname::text,
             format('GRANT REFERENCES ON %s TO %I', f.confrelid::regclass, pg_catalog.pg_get_userbyid(c.relowner))
        FROM pg_catalog.pg_constraint f
       WHERE f.conrelid = c.oid AND f.contype = 'f' AND NOT has_table_privilege(c.relowner, f.confrelid, 'REFERENCES')
         AND NOT has_any_column_privilege(c.relowner, f.confrelid, 'REFERENCES')`,
    says: (key) => `has the foreign key ${key} to a table on which its owner lacks REFERENCES`,
  },
  'unproved-check': {
    works: 'unproved',
    check: 'movable-tables',
    at: 'tables',
    // The copy holds every row against it, also those that were there before it.
    objects: `
      SELECT string_agg(k.conname, ', '),
             string_agg(format('ALTER TABLE %s VALIDATE CONSTRAINT %I', t.name, k.conname), '; ')
        FROM pg_catalog.pg_constraint k
       WHERE k.conrelid = c.oid AND c.relkind = 'r' AND k.contype IN ('c', 'n') AND NOT k.convalidated
         AND coalesce((to_jsonb(k) ->> 'conenforced')::boolean, true) HAVING count(*) > 0`,
    says: (constraint) => `has a constraint that is NOT VALID: ${constraint}`,
  },
  'unproved-domain': {
    works: 'unproved',
    check: 'movable-tables',
    at: 'tables',
    objects: `
      SELECT string_agg(DISTINCT k.conname, ', '),
             string_agg(DISTINCT format('ALTER DOMAIN %s VALIDATE CONSTRAINT %I', k.contypid::regtype, k.conname), '; ')
        FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type y0 ON y0.oid = a.atttypid
        JOIN pg_catalog.pg_type y1 ON y1.oid = ${inner('y0')}
        JOIN pg_catalog.pg_constraint k ON k.contypid IN (y0.oid, y1.oid, ${inner('y1')}) AND NOT k.convalidated
       WHERE a.attrelid = c.oid AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped HAVING count(*) > 0`,
    says: (constraint) => `has a column of a domain with a constraint that is NOT VALID: ${constraint}`,
  },
  'violated-check': {
    works: 'none',
    check: 'movable-tables',
    at: 'rows',
    settles: 'unproved-check',
    objects: violatedChecks,
    says: (constraint) => `has rows that violate ${constraint}`,
  },
  'violated-domain': {
    works: 'none',
    check: 'movable-tables',
    at: 'rows',
    settles: 'unproved-domain',
    objects: violatedDomains,
    says: (column) => `has rows that violate a constraint of the domain of ${column}`,
  },
  'failing-expression': {
    works: 'none',
    check: 'movable-tables',
    at: 'rows',
    objects: failingExpressions,
    says: (object) => `has rows for which ${object} can't be computed any more`,
  },
  'path-bound': {
    works: 'blocking',
    check: 'online-moves',
    at: 'rows',
    // Whoever applies the changes has an empty search_path, and fails in a loop.
    objects: pathBound,
    says: (object) => `calls a function for ${object} that needs search_path to find what it uses`,
  },
  'violated-key': {
    works: 'logical',
    check: 'movable-tables',
    at: 'rows',
    // Of shards that move with their writes blocked, keys are checked anew.
    objects: violatedKeys,
    says: (key) => `has rows that violate the foreign key ${key}`,
  },
  'shard-missing': {
    works: 'none',
    check: 'movable-tables',
    at: 'shards',
    objects: `SELECT '', NULL WHERE t.oid IS NULL`,
    says: () => 'lacks shards that pg_dist_placement has',
  },
  'shard-columns': {
    works: 'none',
    check: 'movable-tables',
    at: 'shards',
    objects: `
      SELECT string_agg(a.attname, ', '), NULL FROM pg_catalog.pg_attribute a
        LEFT JOIN pg_catalog.pg_attribute b ON b.attrelid = t.shell AND b.attname = a.attname AND NOT b.attisdropped
       WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
         AND (b.atttypid IS DISTINCT FROM a.atttypid OR (b.atttypmod >= 0 AND b.atttypmod <> a.atttypmod)) HAVING count(*) > 0`,
    says: (column) => `has shards with other columns than its own: ${column}`,
  },
  'unique-index': {
    works: 'none',
    check: 'movable-tables',
    at: 'shards',
    objects: `
      SELECT coalesce(t.broken, string_agg(i.indexrelid::regclass::text, ', ') FILTER (WHERE NOT i.indisvalid), ''),
             t.mend
        FROM pg_catalog.pg_index i
       WHERE i.indrelid = c.oid AND (i.indisunique OR i.indisexclusion)
      HAVING c.relkind = 'r' AND count(*) FILTER (WHERE i.indisvalid) < coalesce(t.uniques, (
             SELECT count(*) FROM pg_catalog.pg_index s
              WHERE s.indrelid = t.shell AND (s.indisunique OR s.indisexclusion)))`,
    says: (index) => `has shards without a valid unique index of its${index === '' ? '' : `: ${index}`}`,
  },
} satisfies Record<string, TableCondition>;

/** Id of a condition that the catalog tells. */
export type ConditionId = keyof typeof tableConditions;

/** All ids, in the order of the list. */
export const conditionIds = Object.keys(tableConditions) as ConditionId[];

/** The row of a condition. */
export function conditionOf(id: ConditionId): TableCondition {
  return tableConditions[id];
}
