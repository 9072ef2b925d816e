import { addressSql } from '../session/address-sql.js';
import type { Db } from '../session/db.js';
import { noteSchema, readReturned, type ReturnedServer } from './returned-server.js';

/**
 * Takes its list of nodes from a returned server, so that no statement there reaches a shard of the cluster any more; its
 * own shards stay readable (measured, docs/citus.md). Which nodes it knew is noted there. A server that is fenced already
 * stays so.
 *
 * @param assertReturned asked of the server inside the transaction; throws when it is none to be fenced
 */
export async function fenceServer(
  db: Db,
  assertReturned: (server: ReturnedServer) => Promise<void>,
): Promise<void> {
  await db.query('BEGIN');
  try {
    await db.query(`SET LOCAL lock_timeout = '30s'`);
    await db.query('LOCK TABLE pg_catalog.pg_dist_node IN SHARE ROW EXCLUSIVE MODE');
    await assertReturned(await readReturned(db));
    await db.query('SET LOCAL citus.enable_ddl_propagation = off');
    await db.query(`CREATE SCHEMA IF NOT EXISTS ${noteSchema}`);
    await db.query(
      `CREATE TABLE IF NOT EXISTS ${noteSchema}.nodes (node_id int PRIMARY KEY, group_id int NOT NULL, node text NOT NULL)`,
    );
    await db.query(
      `CREATE TABLE IF NOT EXISTS ${noteSchema}.shards (shard_id bigint PRIMARY KEY, xid text NOT NULL, done bool NOT NULL DEFAULT false,
         there bigint NOT NULL, same bigint NOT NULL, brought bigint NOT NULL)`,
    );
    await db.query(
      `INSERT INTO ${noteSchema}.nodes SELECT nodeid, groupid, ${addressSql()} FROM pg_catalog.pg_dist_node ON CONFLICT DO NOTHING`,
    );
    await db.query('DELETE FROM pg_catalog.pg_dist_node');
    await db.query('COMMIT');
  } catch (error) {
    await db.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}
