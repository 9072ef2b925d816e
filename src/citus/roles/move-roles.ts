import type { Db } from '../session/db.js';

/** Whose part a role plays when nodes connect to each other for us. */
export type RolePart = 'acting' | 'extension owner' | 'table owner';

/** A role as which nodes connect to each other when shards move or a worker joins. */
export interface MoveRole {
  role: string;
  parts: RolePart[];
  superuser: boolean;
  /** Whether this session may act as it. */
  usable: boolean;
}

/** What a member needs for SET ROLE: from PostgreSQL 16 on a membership may be one without it. */
const toAct = `CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'set' ELSE 'member' END`;

/**
 * The roles as which nodes connect to each other (measured, docs/citus.md): the acting role copies from source to
 * target, the owner of the extension makes slots, publications and subscriptions and reads them, and each table's
 * owner makes the shard's table and its indexes on the target.
 *
 * @param owners owners of tables that move
 */
export async function readMoveRoles(db: Db, owners: readonly string[]): Promise<MoveRole[]> {
  return db.query<MoveRole>(
    `SELECT r.rolname::text AS role, r.rolsuper AS superuser, pg_has_role(current_user, r.oid, ${toAct}) AS usable,
            array_remove(ARRAY[CASE WHEN r.rolname = current_user THEN 'acting' END,
                               CASE WHEN r.oid = e.extowner THEN 'extension owner' END,
                               CASE WHEN r.rolname = ANY ($1::text[]) THEN 'table owner' END], NULL) AS parts
       FROM pg_catalog.pg_roles r, pg_catalog.pg_extension e
      WHERE e.extname = 'citus' AND (r.rolname = current_user OR r.oid = e.extowner OR r.rolname = ANY ($1::text[]))
      ORDER BY r.rolname <> current_user, r.oid <> e.extowner, r.rolname`,
    [owners],
  );
}
