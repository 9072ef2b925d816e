import { addressOf } from '../../text/address.js';
import type { Db } from '../session/db.js';
import { literal } from '../session/quote.js';
import { runOnNodes } from '../nodes/node-settings.js';

/** A way between two servers that can't be gone. */
export interface BrokenWay {
  from: string;
  to: string;
  error: string;
}

/**
 * Ways between a new server and the workers, both directions: moves go from worker to worker, and every node with
 * metadata connects to every other. Asked of the servers themselves, with the credentials that they have.
 *
 * @param db a session on the new server
 * @param coordinator a session on the coordinator
 */
export async function readBrokenWays(
  coordinator: Db,
  db: Db,
  node: string,
  workers: string[],
): Promise<BrokenWay[]> {
  const { host, port } = addressOf(node);
  const command = `SELECT success::text || ' ' || result FROM pg_catalog.master_run_on_worker(
    ARRAY[${literal(host)}], ARRAY[${port}], ARRAY['SELECT 1'], true)`;
  const answersOfWorkers = await runOnNodes(
    coordinator,
    workers.map((worker) => ({ node: worker, command })),
  );
  const answersOfNode = await runOnNodes(
    db,
    workers.map((worker) => ({ node: worker, command: 'SELECT 1' })),
  );
  return [
    ...answersOfWorkers.flatMap(({ node: from, success, result }) =>
      success && !result.startsWith('true') ? [{ from, to: node, error: result.replace(/^false /, '') }] : [],
    ),
    ...answersOfNode.flatMap(({ node: to, success, result }) =>
      success ? [] : [{ from: node, to, error: result }],
    ),
  ];
}
