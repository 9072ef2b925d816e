import type { Db } from '../session/db.js';
import { runOnNodes } from '../nodes/node-settings.js';
import { identifier, literal } from '../session/quote.js';

/** The reason why something is still there; undefined: it is gone. `obsolete`: looked at again, it is no leftover. */
export type Refusal = { obsolete: boolean; why: string } | undefined;

/** SQLSTATE of a lock time-out. */
const lockNotAvailable = '55P03';

/** A table to drop: exactly the one that was looked at. */
export interface TableToDrop {
  node: string;
  groupId: number;
  qualified: string;
  oid: number;
  shardId: number;
  /** Whether nothing but its having no row proves that it may go. */
  onlyIfEmpty: boolean;
}

/**
 * Drops a shard table where no placement names it. While it looks and drops, nobody can change placements or begin a
 * move: a move first records its target in `pg_dist_cleanup`, and in one transaction takes that away and writes the
 * placement. Both tables are locked against writers, for two seconds at most, and the node's own metadata is asked too.
 */
export async function dropShardTable(db: Db, table: TableToDrop): Promise<Refusal> {
  await db.query('BEGIN ISOLATION LEVEL READ COMMITTED');
  try {
    await db.query(`SET LOCAL lock_timeout = '2s'`);
    await db.query('LOCK TABLE pg_catalog.pg_dist_cleanup, pg_catalog.pg_dist_placement IN SHARE MODE');
    const why = await refusalOf(db, table);
    return why ?? (await command(db, table.node, dropCommand(table)));
  } catch (error) {
    // A move writes them just now.
    if (error instanceof Error && 'code' in error && error.code === lockNotAvailable)
      return { obsolete: false, why: error.message };
    throw error;
  } finally {
    await db.query('ROLLBACK');
  }
}

async function refusalOf(db: Db, { groupId, qualified, shardId }: TableToDrop): Promise<Refusal> {
  const [facts] = await db.query<{ isPlacement: boolean; isInCleanup: boolean; isOnlyCopy: boolean }>(
    `SELECT EXISTS (SELECT FROM pg_catalog.pg_dist_placement WHERE shardid = $1 AND groupid = $2) AS "isPlacement",
            EXISTS (SELECT FROM pg_catalog.pg_dist_cleanup WHERE object_name = $3 AND node_group_id = $2) AS "isInCleanup",
            EXISTS (SELECT FROM pg_catalog.pg_dist_shard WHERE shardid = $1) AND NOT EXISTS (
              SELECT FROM pg_catalog.pg_dist_placement p JOIN pg_catalog.pg_dist_node n USING (groupid) WHERE p.shardid = $1) AS "isOnlyCopy"`,
    [shardId, groupId, qualified],
  );
  if (!facts || facts.isPlacement) return noLeftover('it is a placement by now');
  if (facts.isInCleanup) return noLeftover('a move makes it, or Citus is about to drop it');
  return facts.isOnlyCopy ? noLeftover('its shard has no other placement') : undefined;
}

function noLeftover(why: string): Refusal {
  return { obsolete: true, why };
}

function dropCommand({ qualified, oid, shardId, onlyIfEmpty }: TableToDrop): string {
  return quietly(`
    IF to_regclass(${literal(qualified)}) IS NULL THEN RETURN; END IF;
    LOCK TABLE ${qualified} IN ACCESS EXCLUSIVE MODE;
    IF to_regclass(${literal(qualified)})::oid <> ${oid} THEN RAISE EXCEPTION '${notThis} it is another table by now'; END IF;
    IF EXISTS (SELECT FROM pg_catalog.pg_dist_placement p JOIN pg_catalog.pg_dist_local_group g USING (groupid) WHERE p.shardid = ${shardId})
      THEN RAISE EXCEPTION '${notThis} the metadata of the node says that it is a placement'; END IF;
    IF EXISTS (SELECT FROM pg_catalog.pg_inherits WHERE inhparent = ${oid}) THEN RAISE EXCEPTION 'it has partitions still'; END IF;
    ${onlyIfEmpty ? `IF EXISTS (SELECT FROM ${qualified}) THEN RAISE EXCEPTION '${notThis} it holds rows by now'; END IF;` : ''}
    DROP TABLE ${qualified};`);
}

/** Drops a subscription without its slot, which may be on a server that is gone: the way of Citus itself. */
export async function dropSubscription(db: Db, node: string, name: string): Promise<Refusal> {
  const it = identifier(name);
  return command(
    db,
    node,
    quietly(`
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_subscription WHERE subname = ${literal(name)}
        AND subdbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())) THEN RETURN; END IF;
    ALTER SUBSCRIPTION ${it} DISABLE;
    ALTER SUBSCRIPTION ${it} SET (slot_name = NONE);
    DROP SUBSCRIPTION ${it};`),
  );
}

/** Drops a replication slot, only while nobody reads from it. */
export async function dropSlot(db: Db, node: string, name: string): Promise<Refusal> {
  const it = `FROM pg_catalog.pg_replication_slots WHERE slot_name = ${literal(name)} AND database = current_database()`;
  return command(
    db,
    node,
    quietly(`
    IF EXISTS (SELECT ${it} AND active) THEN RAISE EXCEPTION '${notThis} somebody reads from it'; END IF;
    PERFORM pg_drop_replication_slot(slot_name) ${it};`),
  );
}

/** Drops a publication of a move, or finds it gone. */
export async function dropPublication(db: Db, node: string, name: string): Promise<Refusal> {
  return command(db, node, quietly(`DROP PUBLICATION IF EXISTS ${identifier(name)};`));
}

/** Drops a role of a subscription, or finds it gone. */
export async function dropRole(db: Db, node: string, name: string): Promise<Refusal> {
  return command(db, node, quietly(`DROP ROLE IF EXISTS ${identifier(name)};`));
}

/** Deletes the rows of `pg_dist_cleanup` that name an object in a group that is gone. */
export async function deleteHopelessRows(db: Db, objectName: string, groupId: number): Promise<Refusal> {
  await db.query(
    `DELETE FROM pg_catalog.pg_dist_cleanup WHERE object_name = $1 AND node_group_id = $2
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_dist_node n WHERE n.groupid = $2)`,
    [objectName, groupId],
  );
  return undefined;
}

/**
 * Has Citus clean up what it can by itself. @returns its warnings: a row that it can't do is tried again every 15 s,
 * in silence
 */
export async function cleanUpByCitus(db: Db): Promise<string[]> {
  const before = db.warnings.length;
  await db.query('CALL pg_catalog.citus_cleanup_orphaned_resources()');
  return db.warnings.slice(before);
}

/**
 * Runs Citus's own recovery of what a node has prepared on others. It leaves transactions alone that are in progress.
 */
export async function recoverTransactions(
  db: Db,
  { node, groupId }: { node: string; groupId: number },
): Promise<Refusal> {
  const recover = 'SELECT pg_catalog.recover_prepared_transactions()';
  if (groupId !== 0) return command(db, node, recover);
  await db.query(recover);
  return undefined;
}

/** A block of statements that reaches no other node and waits for no lock for longer than a second. */
function quietly(statements: string): string {
  return `DO $clean_up$ BEGIN
    PERFORM set_config('lock_timeout', '1s', true), set_config('citus.enable_ddl_propagation', 'off', true);
    ${statements}
  END $clean_up$`;
}

/** The beginning of the error that says: looked at again, this is no leftover. */
const notThis = 'no leftover:';

async function command(db: Db, node: string, text: string): Promise<Refusal> {
  const [answer] = await runOnNodes(db, [{ node, command: text }]);
  if (answer?.success) return undefined;
  const why = answer?.result ?? 'no answer';
  return { obsolete: why.includes(notThis), why };
}
