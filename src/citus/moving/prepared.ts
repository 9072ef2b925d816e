import { runOnNodes } from '../nodes/node-settings.js';
import type { Db } from '../session/db.js';

/**
 * Whether the transaction of a process of this server is prepared on any of these nodes: its statement is at its end.
 * Citus names such a transaction `citus_<group>_<pid>_<number>_<connection>`; the coordinator's group is 0.
 */
export async function isPreparing(db: Db, pid: number, nodes: string[]): Promise<boolean> {
  const command = `select count(*) from pg_prepared_xacts where gid like 'citus\\_0\\_${pid}\\_%'`;
  const answers = await runOnNodes(
    db,
    nodes.map((node) => ({ node, command })),
  );
  return answers.some(({ success, result }) => success && result !== '0');
}
