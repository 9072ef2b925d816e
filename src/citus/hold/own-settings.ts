import type { Db } from '../session/db.js';
import { literal } from '../session/quote.js';

/** A setting that a server has for the time of a hold. */
export interface HoldSetting {
  name: string;
  during: string;
}

/**
 * Of the standby: Citus's daemon decides on no transactions. Once promoted it knows only those that began before, and would
 * roll back those of the server that is still in service (measured, docs/citus.md).
 */
export const noRecovery: HoldSetting = { name: 'citus.recover_2pc_interval', during: '-1' };

/**
 * Of the coordinator: the daemon comes right at the commit, often finds `pg_dist_node` still locked, and would tell the
 * workers 5 s later, who wait for it.
 */
export const soonTold: HoldSetting = { name: 'citus.metadata_sync_retry_interval', during: '100ms' };

/** What the owner of a server has set with ALTER SYSTEM; null: nothing. */
export async function readOwned(db: Db, { name }: HoldSetting): Promise<string | null> {
  const [row] = await db.query<{ value: string }>(
    `SELECT setting AS value FROM pg_file_settings
      WHERE name = $1 AND sourcefile LIKE '%postgresql.auto.conf' ORDER BY seqno DESC LIMIT 1`,
    [name],
  );
  return row?.value ?? null;
}

/** Sets it for the time of the hold. */
export async function setForHold(db: Db, setting: HoldSetting): Promise<void> {
  await set(db, setting, setting.during);
}

/** Gives back what the owner had set, unless somebody else has set it meanwhile. */
export async function giveBack(db: Db, setting: HoldSetting, before: string | null): Promise<void> {
  if ((await readOwned(db, setting)) === setting.during) await set(db, setting, before);
}

async function set(db: Db, { name }: HoldSetting, value: string | null): Promise<void> {
  await db.query(
    value === null ? `ALTER SYSTEM RESET ${name}` : `ALTER SYSTEM SET ${name} = ${literal(value)}`,
  );
  await db.query('SELECT pg_reload_conf()');
}
