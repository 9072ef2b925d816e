import type { Db } from './db.js';
import { runOnNodes } from './node-settings.js';

/** Milliseconds that a node gets for taking a connection of the coordinator. */
const patienceMs = 2_000;

/** A node that the coordinator can't reach. */
export interface NodeAway {
  node: string;
  /** `silent`: it takes the connection and says nothing, like a server that is frozen. */
  how: 'refuses' | 'silent';
  said: string;
}

/** Session setting by which Citus gives a silent node up; otherwise 30 s. */
export async function giveUpSilentNodesSoon(db: Db): Promise<void> {
  await db.query(`SELECT set_config('citus.node_connection_timeout', '${patienceMs}ms', false)`);
}

/** Which of these nodes the coordinator can't reach. All at once; one that is silent takes two seconds. */
export async function readNodesAway(db: Db, nodes: string[]): Promise<NodeAway[]> {
  const asked = Date.now();
  const answers = await runOnNodes(
    db,
    nodes.map((node) => ({ node, command: 'SELECT 1' })),
  );
  const how = Date.now() - asked < patienceMs * 0.9 ? 'refuses' : 'silent';
  return answers.flatMap(({ node, success, result }) => (success ? [] : [{ node, how, said: result }]));
}
