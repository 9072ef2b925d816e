import { addressOf } from '../../text/address.js';
import { runOnNodes } from '../nodes/node-settings.js';
import { readNodes, type ClusterNode } from '../nodes/nodes.js';
import { usesWrapper, wrapperSchema } from '../roles/wrappers.js';
import type { Db } from '../session/db.js';
import { patroniSession } from './sign.js';

/** The rows of a node group, its primary's last. */
export async function readGroup(db: Db, groupId: number): Promise<ClusterNode[]> {
  const rows = (await readNodes(db)).filter((each) => each.groupId === groupId);
  return [
    ...rows.filter(({ role }) => role === 'secondary'),
    ...rows.filter(({ role }) => role !== 'secondary'),
  ];
}

/** Which of these servers answer the coordinator, and whether Patroni has a session there. */
export async function readSessions(
  db: Db,
  nodes: readonly string[],
): Promise<Map<string, 'with Patroni' | 'without'>> {
  const answers = await runOnNodes(
    db,
    nodes.map((node) => ({ node, command: `SELECT ${patroniSession}::text` })),
  );
  return new Map(
    answers.flatMap(({ node, success, result }): [string, 'with Patroni' | 'without'][] =>
      success ? [[node, result === 'true' ? 'with Patroni' : 'without']] : [],
    ),
  );
}

/**
 * Takes all rows of a node group out, in one transaction: the standbys', then the primary's. With the primary dead a
 * standby's row can be taken out only once the metadata isn't synced to it any more.
 */
export async function removeGroup(db: Db, rows: readonly ClusterNode[]): Promise<void> {
  const lends = await usesWrapper(db, 'remove_node');
  const stop = lends ? `${wrapperSchema}.stop_sync` : 'stop_metadata_sync_to_node';
  const remove = lends ? `${wrapperSchema}.remove_node` : 'citus_remove_node';
  await db.query('begin');
  try {
    for (const { node, role } of rows) {
      const { host, port } = addressOf(node);
      if (role !== 'secondary') await db.query(`select ${stop}($1, $2)`, [host, port]);
    }
    for (const { node } of rows) {
      const { host, port } = addressOf(node);
      await db.query(`select ${remove}($1, $2)`, [host, port]);
    }
    await db.query('commit');
  } catch (error) {
    await db.query('rollback').catch(() => undefined);
    throw error;
  }
}

/** A transaction that Patroni has open at the coordinator for a change of node rows. */
export interface OpenChange {
  pid: number;
  /** Seconds since its last statement. */
  seconds: number;
}

/**
 * The transaction in which Patroni has given a node a `…-demoted` name, to hold its traffic while it hands over. When the last
 * member of a group stops, nobody takes over: it stays open, and locks `pg_dist_node`, until something else changes
 * (measured, docs/citus.md).
 */
export async function readOpenChange(db: Db): Promise<OpenChange | undefined> {
  const [row] = await db.query<OpenChange>(
    `SELECT pid, extract(epoch FROM clock_timestamp() - state_change)::int AS seconds FROM pg_catalog.pg_stat_activity
      WHERE application_name ILIKE 'patroni%' AND state = 'idle in transaction' AND query ILIKE '%citus_update_node%'
        AND datname = current_database() ORDER BY state_change LIMIT 1`,
  );
  return row;
}

/** Ends a session of Patroni, which opens another and reads the rows of the nodes anew. @throws 42501 for a role that may not */
export async function endOpenChange(db: Db, { pid }: OpenChange): Promise<void> {
  await db.query(
    `SELECT pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity
      WHERE pid = $1 AND application_name ILIKE 'patroni%' AND state = 'idle in transaction'`,
    [pid],
  );
}
