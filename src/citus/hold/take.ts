import type { Db } from '../session/db.js';

/** How long a hold may wait for its locks, and stand. */
export interface HoldLimits {
  /** Milliseconds in which a session must have its locks. What it waits for makes others wait too. */
  lockMs: number;
  /** Milliseconds after which a server lets go of a hold of which the holder says nothing: the dead-man switch. */
  deadManMs: number;
}

/** Tables are others than when they were locked: one is missing, or one has come. */
export class TablesChangedError extends Error {
  override readonly name = 'TablesChangedError';
}

/** The settings of a session that holds. Before its transaction, since they don't hold for one that has begun. */
export async function prepareHold(db: Db, { deadManMs }: HoldLimits): Promise<void> {
  // Else Citus locks the tables on all nodes, in this session's name.
  await db.query('SET citus.enable_ddl_propagation = off');
  await db.query(`SET idle_in_transaction_session_timeout = '${deadManMs}ms'`);
}

/**
 * Locks, in a transaction that it leaves open, everything that statements entering through this server begin with: all
 * tables that Citus knows. Citus's own recovery of transactions waits too. At the coordinator so do changes of tables,
 * types, roles and nodes, which Citus tells to all nodes. Each further statement of the transaction may take as long.
 *
 * @throws TablesChangedError; 55P03, 57014 or 40P01 where it didn't get them in time
 */
export async function takeHold(db: Db, { lockMs }: HoldLimits, isCoordinator: boolean): Promise<void> {
  await db.query('BEGIN ISOLATION LEVEL READ COMMITTED');
  await db.query(`SET LOCAL statement_timeout = '${lockMs}ms'`);
  if (isCoordinator) await db.query('LOCK TABLE pg_dist_node IN EXCLUSIVE MODE');
  await db.query('LOCK TABLE pg_dist_transaction IN SHARE UPDATE EXCLUSIVE MODE');
  const tables = await readHeldTables(db);
  if (tables.length > 0) await db.query(`LOCK TABLE ${tables.join(', ')} IN ACCESS EXCLUSIVE MODE`);
  const now = await readHeldTables(db);
  if (now.join() !== tables.join())
    throw new TablesChangedError(`a table has come or gone on ${db.node} while the hold was taken`);
}

/** Tables in an order that is the same for all who hold. Foreign tables can't be locked; they hold no rows. */
async function readHeldTables(db: Db): Promise<string[]> {
  const rows = await db.query<{ name: string }>(
    `SELECT p.logicalrelid::regclass::text AS name FROM pg_dist_partition p JOIN pg_class c ON c.oid = p.logicalrelid
      WHERE c.relkind <> 'f' ORDER BY c.oid`,
  );
  return rows.map(({ name }) => name);
}

/** Lets go of a hold, and changes nothing. */
export async function releaseHold(db: Db): Promise<void> {
  await db.query('ROLLBACK');
}

/** Transactions that have been prepared for longer than Citus's own recovery takes to finish them. */
export async function readOldPrepared(db: Db): Promise<string[]> {
  const rows = await db.query<{ gid: string }>(
    `SELECT gid FROM pg_prepared_xacts
      WHERE database = current_database() AND prepared < now() - interval '1 minute' ORDER BY prepared`,
  );
  return rows.map(({ gid }) => gid);
}

/** Transactions that are prepared in this database, by the names that Citus or others gave them. */
export async function readPrepared(db: Db): Promise<string[]> {
  const rows = await db.query<{ gid: string }>(
    'SELECT gid FROM pg_prepared_xacts WHERE database = current_database() ORDER BY prepared',
  );
  return rows.map(({ gid }) => gid);
}
