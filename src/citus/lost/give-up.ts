import type { Db } from '../session/connect.js';
import { syncAll } from '../nodes/metadata-sync.js';
import { addressOf } from '../../text/address.js';
import { literal } from '../session/quote.js';
import { endHungSessions } from './hung-by-dead.js';
import { readLostShards, type LostShard } from './lost-shards.js';
import { standInConstraint } from './stand-ins.js';

/** A dead worker, as it is registered. */
export interface DeadNode {
  node: string;
  nodeId: number;
  groupId: number;
}

/** SQLSTATE of a lock time-out. */
const lockNotAvailable = '55P03';

/** What the given-up workers hold is not what was approved. */
export class LossChangedError extends Error {
  override readonly name = 'LossChangedError';
}

/**
 * Takes dead workers out of the cluster in one transaction, or finds them out. Shards of which they have the only copies lie at the coordinator
 * from then on: empty tables that refuse rows, until a move makes the real shard anew (measured, docs/citus.md). Reads of
 * lost rows find nothing from then on, writes to them fail.
 *
 * @param isApproved asked of the shards that are lost, inside the transaction
 * @param origin told of each empty table, for people
 * @throws LossChangedError, and nothing is changed
 */
export async function forgetNodes(
  db: Db,
  dead: readonly DeadNode[],
  isApproved: (lost: LostShard[]) => boolean,
  origin: string,
): Promise<void> {
  const groupIds = dead.map(({ groupId }) => groupId);
  await beginLocked(db, groupIds);
  try {
    // An earlier attempt, of which the client is gone, may have committed while this one waited.
    if (!(await areRegistered(db, dead))) {
      await db.query('ROLLBACK');
      return;
    }
    const lost = await readLostShards(db, groupIds);
    if (!isApproved(lost)) throw new LossChangedError('the shards that would be lost are others by now');
    // Citus tells every node with metadata of what follows; several dead ones are left out all at once only so.
    await db.query(
      'UPDATE pg_dist_node SET isactive = false, hasmetadata = false, metadatasynced = false WHERE groupid = ANY ($1)',
      [groupIds],
    );
    await db.query(
      'UPDATE pg_dist_placement SET groupid = 0 WHERE groupid = ANY ($1) AND shardid = ANY ($2)',
      [groupIds, lost.map(({ shardId }) => shardId)],
    );
    // Copies of reference tables, and of shards that have others. Removing the node would ask it about them.
    await db.query('DELETE FROM pg_dist_placement WHERE groupid = ANY ($1)', [groupIds]);
    for (const { node } of dead) {
      const { host, port } = addressOf(node);
      await db.query('SELECT citus_remove_node($1, $2)', [host, port]);
    }
    await db.query('SET LOCAL citus.enable_ddl_propagation = off');
    await asCitusItself(db, async () => {
      for (const shard of lost) await standIn(db, shard, origin);
    });
    await syncAll(db);
    await db.query('COMMIT');
  } catch (error) {
    await db.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

/** Attempts at the locks, and how long each waits. The last one waits as long as it takes, and a person is told for whom. */
const mostAttempts = 5;
const lockSeconds = 2;

/**
 * Begins a transaction in which nobody else changes nodes or placements; two of us wait for each other. A transaction that
 * has written to a reference table keeps the first lock from us: on a dead worker it can't be committed, and is ended.
 */
async function beginLocked(db: Db, groupIds: readonly number[]): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    await endHungSessions(db, groupIds);
    await db.query('BEGIN');
    try {
      if (attempt < mostAttempts) await db.query(`SET LOCAL lock_timeout = '${lockSeconds}s'`);
      // That of citus_remove_node, at once: nobody comes in between who waits for what we have by then.
      await db.query('LOCK TABLE pg_dist_node IN EXCLUSIVE MODE');
      await db.query('LOCK TABLE pg_dist_placement IN SHARE ROW EXCLUSIVE MODE');
      await db.query('SET LOCAL lock_timeout = 0');
      return;
    } catch (error) {
      await db.query('ROLLBACK').catch(() => undefined);
      const isLocked = error instanceof Error && 'code' in error && error.code === lockNotAvailable;
      if (!isLocked || attempt >= mostAttempts) throw error;
    }
  }
}

async function areRegistered(db: Db, dead: readonly DeadNode[]): Promise<boolean> {
  const rows = await db.query('SELECT FROM pg_dist_node WHERE nodeid = ANY ($1)', [
    dead.map(({ nodeId }) => nodeId),
  ]);
  if (rows.length !== 0 && rows.length !== dead.length)
    throw new LossChangedError('one of the workers has left by now');
  return rows.length > 0;
}

/**
 * Works under the name that a session of Citus's own has. Any other that creates a table in a schema that is sharded as a
 * whole makes a tenant's table of it, whatever is propagated: "is a shard relation".
 */
async function asCitusItself(db: Db, work: () => Promise<void>): Promise<void> {
  const [own] = await db.query<{ name: string }>(
    `SELECT current_setting('application_name') AS name,
            set_config('application_name', 'citus_rebalancer gpid=' || citus_backend_gpid(), true)`,
  );
  await work();
  await db.query(`SELECT set_config('application_name', $1, true)`, [own?.name ?? '']);
}

async function standIn(
  db: Db,
  { shard, relation, owner, partitionKey }: LostShard,
  origin: string,
): Promise<void> {
  const partitioned = partitionKey === null ? '' : ` PARTITION BY ${partitionKey}`;
  // One that is partitioned has no constraint of its own alone.
  const alone = partitionKey === null ? ' NO INHERIT' : '';
  await db.query(`CREATE TABLE ${shard} (LIKE ${relation})${partitioned}`);
  await db.query(`ALTER TABLE ${shard} ADD CONSTRAINT ${standInConstraint} CHECK (false)${alone}`);
  await db.query(`COMMENT ON CONSTRAINT ${standInConstraint} ON ${shard} IS ${literal(origin)}`);
  await db.query(`ALTER TABLE ${shard} OWNER TO ${owner}`);
}
