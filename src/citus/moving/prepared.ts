import { runOnNodes } from '../nodes/node-settings.js';
import type { Db } from '../session/db.js';
import { literal } from '../session/quote.js';
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

/** What ends a prepared transaction that nobody finished: Citus its own, whoever began it any other. */
export function endPrepared({
  gid,
  database,
  node,
}: {
  gid: string;
  database: string;
  node: string;
}): string {
  const [, group] = /^citus_(\d+)_/.exec(gid) ?? [];
  return group === undefined
    ? `ask whose it is; then, in database ${database} on ${node}: COMMIT PREPARED ${literal(gid)}; or ROLLBACK PREPARED ${literal(gid)};`
    : `${gid} is Citus's own, which finishes it within a minute once all nodes answer; if it stays, on ${group === '0' ? 'the coordinator' : `the node of group ${group}`}: SELECT recover_prepared_transactions();`;
}
