import { addressSql } from '../session/address-sql.js';
import type { Db } from '../session/db.js';

/** Nodes whose connections `pg_dist_poolinfo` sends elsewhere: over a pooler, as a rule. */
export async function readPooledNodes(db: Db): Promise<string[]> {
  const [known] = await db.query<{ known: boolean }>(
    `SELECT coalesce(has_table_privilege(to_regclass('pg_catalog.pg_dist_poolinfo'), 'SELECT'), false) AS known`,
  );
  if (!known?.known) return [];
  const rows = await db.query<{ node: string }>(
    `SELECT ${addressSql('n')} AS node FROM pg_catalog.pg_dist_poolinfo p JOIN pg_catalog.pg_dist_node n USING (nodeid) ORDER BY 1`,
  );
  return rows.map(({ node }) => node);
}

/**
 * Whether a pooler serves the session: it hands statements to server processes that it has, so that the process that
 * serves them isn't the one that the protocol told at the login. That is so in each of its modes (PgBouncer 1.18).
 */
export async function isPooled(db: Db): Promise<boolean> {
  const [row] = await db.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  return row !== undefined && row.pid !== db.backendPid;
}
