import { setTimeout as sleep } from 'node:timers/promises';
import type { Db } from '../session/db.js';

/** The replication slot through which a standby gets its WAL; undefined: it has none. */
export async function readSlot(standby: Db): Promise<string | undefined> {
  const [row] = await standby.query<{ slot: string | null }>(
    'SELECT slot_name AS slot FROM pg_stat_wal_receiver',
  );
  return row?.slot || undefined;
}

/**
 * Drops the slot of a standby that was promoted: it would keep all WAL of the server, until its disk is full. One that somebody uses
 * again by then stays. Found gone it is done.
 */
export async function dropSlot(primary: Db, slot: string, milliseconds: number): Promise<void> {
  // Its sender hears a moment late that the standby has left.
  for (const end = Date.now() + milliseconds; ;) {
    const rows = await primary.query<{ inUse: boolean }>(
      `SELECT active AS "inUse" FROM pg_replication_slots WHERE slot_name = $1 AND slot_type = 'physical'`,
      [slot],
    );
    if (rows.length === 0) return;
    if (rows[0]?.inUse === false) {
      await primary.query(
        `SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1 AND NOT active`,
        [slot],
      );
      return;
    }
    if (Date.now() > end) return;
    await sleep(200);
  }
}
