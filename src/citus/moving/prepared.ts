import { runOnNodes } from '../nodes/node-settings.js';
import type { Db } from '../session/db.js';
import { within } from '../session/within.js';

/** Seconds that a node may take to answer; one that is frozen tells nothing, and holds up nobody. */
const deadlineSeconds = 2;

/**
 * Which processes of this server have a transaction prepared on any of these nodes: their statements are at their end.
 * Citus names such a transaction `citus_<group>_<pid>_<number>_<connection>`; the coordinator's group is 0. None when
 * the nodes don't answer in time.
 */
export async function preparingPids(db: Db, nodes: string[]): Promise<Set<number>> {
  const command = `select coalesce(string_agg(distinct split_part(gid, '_', 3), ','), '') from pg_prepared_xacts where gid like 'citus\\_0\\_%'`;
  const answers = await within(db, deadlineSeconds, () =>
    runOnNodes(
      db,
      nodes.map((node) => ({ node, command })),
    ),
  );
  return new Set(
    (answers ?? []).flatMap(({ success, result }) =>
      success ? result.split(',').filter(Boolean).map(Number) : [],
    ),
  );
}
