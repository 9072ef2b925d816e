import { runOnNodes } from '../nodes/node-settings.js';
import { applicationPrefix } from '../session/application-name.js';
import type { Db } from '../session/db.js';
import { literal } from '../session/quote.js';

/**
 * Ends sessions at the coordinator whose transactions have locked a shard that lies on dead workers. None of them can be
 * committed any more. Where packets to the worker are dropped they would keep their locks for hours, or until TCP gives up
 * (measured, docs/citus.md). Sessions of ours are left alone.
 */
export async function endHungSessions(db: Db, groupIds: readonly number[]): Promise<void> {
  await db.query(
    // Citus locks a shard by its number, in two classes of advisory locks.
    `SELECT pg_terminate_backend(l.pid)
       FROM (SELECT DISTINCT pid FROM pg_locks
              WHERE locktype = 'advisory' AND objsubid IN (4, 5) AND granted
                AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
                AND (classid::int8 << 32) + objid::int8 IN (SELECT shardid FROM pg_dist_placement WHERE groupid = ANY ($1))) l
       JOIN pg_stat_activity a USING (pid)
      WHERE a.backend_type = 'client backend' AND a.pid <> pg_backend_pid() AND NOT starts_with(a.application_name, $2)`,
    [groupIds, applicationPrefix],
  );
}

/**
 * Has Citus's daemons on the coordinator and on these workers give up what they wait for: where packets are dropped, the
 * answer of a dead worker, for some 15 minutes. Until then they tell no node of a change, find no deadlock and recover
 * nothing. Only a cancel gets through to one that waits, and it goes on some two minutes after (measured, docs/citus.md).
 */
export async function freeDaemons(db: Db, workers: readonly string[]): Promise<void> {
  const command = `SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity
    WHERE backend_type LIKE 'Citus Maintenance Daemon%' AND datname = current_database()`;
  await db.query(command);
  // Best effort: one that can't be asked comes to itself later.
  await runOnNodes(
    db,
    workers.map((node) => ({ node, command })),
  );
}

/** Ends who sends changes to dead workers from slots of moves, which can't be dropped before. */
export async function endSenders(
  db: Db,
  nodes: readonly string[],
  deadIds: readonly number[],
): Promise<void> {
  // Citus names a slot by the node that reads from it.
  const pattern = literal(`^citus_shard_(move|split)_slot_(${deadIds.join('|')})_`);
  const command = `SELECT count(pg_terminate_backend(active_pid)) FROM pg_replication_slots
    WHERE active AND database = current_database() AND slot_name ~ ${pattern}`;
  await runOnNodes(
    db,
    nodes.map((node) => ({ node, command })),
  );
}
