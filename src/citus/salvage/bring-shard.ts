import type { Db } from '../session/db.js';
import { noteDone, noteShard, readNote, type ShardNote } from './notes.js';
import { compareRows, insertMissing, loadRows, type RowCounts, type ShardToBring } from './rows.js';

/** Rows didn't arrive as they were sent: a trigger changes them, for one. */
export class RowsChangedError extends Error {
  override readonly name = 'RowsChangedError';
}

/** Compares a shard on a returned server with the cluster. Changes nothing. */
export async function compareShard(here: Db, there: Db, shard: ShardToBring): Promise<RowCounts> {
  await here.query('BEGIN');
  try {
    await loadRows(here, there, shard, false);
    return await compareRows(here, shard);
  } finally {
    await here.query('ROLLBACK');
  }
}

/**
 * Brings the rows of one shard that the cluster lacks over, in one transaction of the coordinator, or finds that done. The
 * returned server is told that transaction before it commits, and afterwards that it did: so rows that were brought over
 * once, and changed or deleted since, are never brought again.
 *
 * @param mayAct asked right before; throws when nothing may be changed any more
 * @throws RowsChangedError, and nothing is changed
 */
export async function bringShard(
  here: Db,
  there: Db,
  shard: ShardToBring,
  mayAct: () => Promise<void>,
): Promise<Pick<ShardNote, 'there' | 'same' | 'brought'>> {
  const { shardId } = shard;
  await here.query('BEGIN');
  try {
    // The transaction of an earlier attempt may still run: then this one waits for its end.
    await here.query(
      `SELECT pg_advisory_xact_lock(hashtextextended('citus-scaler salvage', ${Math.floor(shardId)}))`,
    );
    const note = await readNote(there, shardId);
    if (note && (note.done || (await isCommitted(here, note.xid)))) {
      await here.query('ROLLBACK');
      if (!note.done) await noteDone(there, shardId);
      return note;
    }
    await loadRows(here, there, shard, true);
    const before = await compareRows(here, shard);
    await mayAct();
    const brought = await insertMissing(here, shard);
    const after = await compareRows(here, shard);
    if (after.there !== before.there || after.same !== before.same + brought)
      throw new RowsChangedError('the rows that arrived are not those that were sent');
    const [own] = await here.query<{ xid: string }>('SELECT pg_current_xact_id()::text AS xid');
    const counts = { there: before.there, same: before.same, brought };
    await noteShard(there, { shardId, xid: own?.xid ?? '', ...counts });
    await here.query('COMMIT');
    await noteDone(there, shardId);
    return counts;
  } catch (error) {
    await here.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

/** A number that this server hasn't given yet is of a server that it took over from. */
async function isCommitted(db: Db, xid: string): Promise<boolean> {
  const [row] = await db.query<{ status: string | null }>(
    `SELECT CASE WHEN $1::xid8 < pg_snapshot_xmax(pg_current_snapshot()) THEN pg_xact_status($1::xid8) END AS status`,
    [xid],
  );
  return row?.status === 'committed';
}
