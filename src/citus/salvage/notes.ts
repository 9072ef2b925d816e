import type { Db } from '../session/db.js';
import { noteSchema } from './returned-server.js';

/** What came of a shard, as it is noted on the server that it was read from. */
export interface ShardNote {
  shardId: number;
  /** The coordinator's transaction that brought its rows over. */
  xid: string;
  /** Whether that one is known to be committed. */
  done: boolean;
  /** Rows on the returned server, those of them that the cluster had already, and those that it got. */
  there: number;
  same: number;
  brought: number;
}

const columns = 'shard_id AS "shardId", xid, done, there, same, brought';

/** Reads the notes of shards. None before the server was fenced. */
export async function readNotes(db: Db): Promise<Map<number, ShardNote>> {
  const [row] = await db.query<{ there: boolean }>(
    `SELECT EXISTS (SELECT FROM pg_catalog.pg_tables WHERE schemaname = $1 AND tablename = 'shards') AS there`,
    [noteSchema],
  );
  if (!row?.there) return new Map();
  const notes = await db.query<ShardNote>(`SELECT ${columns} FROM ${noteSchema}.shards`);
  return new Map(notes.map((note) => [note.shardId, note]));
}

/** Reads the note of a shard. */
export async function readNote(db: Db, shardId: number): Promise<ShardNote | undefined> {
  const [note] = await db.query<ShardNote>(
    `SELECT ${columns} FROM ${noteSchema}.shards WHERE shard_id = $1`,
    [shardId],
  );
  return note;
}

/** Notes, before it commits, which transaction brings the rows of a shard over. */
export async function noteShard(
  db: Db,
  { shardId, xid, there, same, brought }: Omit<ShardNote, 'done'>,
): Promise<void> {
  await db.query(
    `INSERT INTO ${noteSchema}.shards (shard_id, xid, there, same, brought) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (shard_id) DO UPDATE SET xid = excluded.xid, there = excluded.there, same = excluded.same, brought = excluded.brought`,
    [shardId, xid, there, same, brought],
  );
}

/** Notes that this transaction is committed. */
export async function noteDone(db: Db, shardId: number): Promise<void> {
  await db.query(`UPDATE ${noteSchema}.shards SET done = true WHERE shard_id = $1`, [shardId]);
}
