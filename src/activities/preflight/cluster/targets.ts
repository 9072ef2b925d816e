import { withCoordinator } from '../../../citus/session/connect.js';
import { runOnNodes } from '../../../citus/nodes/node-settings.js';
import type { ClusterConfig } from '../../../config/index.js';
import type { Check } from '../../../contract/index.js';
import { formatBytes } from '../../../text/figures.js';
import { readSession } from '../../runtime/context.js';
import { failed, passed } from '../check.js';

/** The bytes that a node will receive. */
export interface Incoming {
  /** `host:port` */
  node: string;
  bytes: number;
  largestGroupBytes: number;
}

/** Room for what is written while a shard group is copied, and for its WAL. */
const margin = 1.2;

/**
 * Checks the disk space of targets. Citus looks at one move at a time; here the whole plan is added up, with its own
 * demand of free space after it.
 */
export async function diskChecks(cluster: ClusterConfig, incoming: Incoming[]): Promise<Check[]> {
  if (incoming.length === 0) return [];
  return withCoordinator(cluster, readSession('preflight'), async (db) => {
    const [setting] = await db.query<{ percent: string | null }>(
      `SELECT current_setting('citus.desired_percent_disk_available_after_move', true) AS percent`,
    );
    const percent = Number(setting?.percent ?? 10);
    const answers = await runOnNodes(
      db,
      incoming.map(({ node }) => ({
        node,
        command: `select available_disk_size || ' ' || total_disk_size from citus_local_disk_space_stats()`,
      })),
    );
    return incoming.map(({ node, bytes, largestGroupBytes }) => {
      const answer = answers.find((each) => each.node === node);
      if (!answer?.success)
        return failed(
          'target-disk',
          `${node} doesn't tell its disk space: ${answer?.result ?? 'no answer'}`,
          'bring it back',
        );
      const [available = 0, total = 0] = answer.result.split(' ').map(Number);
      const need = bytes * margin + largestGroupBytes + (total * percent) / 100;
      const figures = `${node} receives ${formatBytes(bytes)}, has ${formatBytes(available)} of ${formatBytes(total)} free`;
      return available >= need
        ? passed('target-disk', figures)
        : failed(
            'target-disk',
            `${figures}; with margin and ${percent} % left over it takes ${formatBytes(need)}`,
            roomFor(Math.floor((100 * (available - bytes * margin - largestGroupBytes)) / total)),
          );
    });
  });
}

/** Citus looks at it, too, before each move: to accept the check alone would only end in its refusal. */
function roomFor(percent: number): string {
  const keepLess = `let less of it stay free, on the coordinator: ALTER SYSTEM SET citus.desired_percent_disk_available_after_move = ${percent}; SELECT pg_reload_conf();`;
  return `add disk space there, or free some${percent > 0 ? `; or ${keepLess}` : ''}`;
}
