import type { Db } from '../session/db.js';
import { addressOf } from '../../text/address.js';
import { runOnNodes } from './node-settings.js';
import { literal } from '../session/quote.js';
import { within } from '../session/within.js';

/** A node that the coordinator can't reach. */
export interface NodeAway {
  node: string;
  /** `silent`: it takes a connection and says nothing, like a server that is frozen. */
  how: 'refuses' | 'silent';
  answer: string;
}

/** A node that was asked something doesn't answer it. */
export class NodeSilentError extends Error {
  override readonly name = 'NodeSilentError';
  constructor(node: string, result: string) {
    super(`${node} does not answer: ${result}`);
  }
}

/** Milliseconds that a node gets for taking a connection of the coordinator. */
const patienceMs = 2_000;

/** Session setting by which Citus gives a silent node up; otherwise 30 s. */
export async function giveUpSilentNodesSoon(db: Db): Promise<void> {
  await db.query(`SELECT set_config('citus.node_connection_timeout', '${patienceMs}ms', false)`);
}

/** The first of these nodes that the coordinator can't reach. One by one: of several at once a silent one hides the rest. */
export async function readNodeAway(db: Db, nodes: string[]): Promise<NodeAway | undefined> {
  for (const node of nodes) {
    const startedAt = Date.now();
    const answer = await within(db, 4, () => runOnNodes(db, [{ node, command: 'SELECT 1' }]));
    const [row] = answer ?? [{ success: false, result: 'no answer within 4 s' }];
    if (row?.success) continue;
    const how = Date.now() - startedAt < patienceMs * 0.9 ? 'refuses' : 'silent';
    return { node, how, answer: row?.result ?? '' };
  }
  return undefined;
}

/** What one node says when it connects to another; undefined when it can, or when it doesn't answer itself. */
export async function readPath(db: Db, from: string, to: string): Promise<string | undefined> {
  const { host, port } = addressOf(to);
  const command = `select case when success then '' else result end
      from master_run_on_worker(array[${literal(host)}]::text[], array[${port}]::int[], array['select 1'], false)`;
  const answers = await within(db, 6, () => runOnNodes(db, [{ node: from, command }]));
  const [answer] = answers ?? [];
  return answer?.success && answer.result !== '' ? answer.result : undefined;
}
