import type { Conditions } from '../../../citus/nodes/conditions.js';
import { isPooled, readPooledNodes } from '../../../citus/nodes/poolers.js';
import { withNode, type Db } from '../../../citus/session/connect.js';
import { literal } from '../../../citus/session/quote.js';
import type { ClusterConfig } from '../../../config/index.js';
import type { Check } from '../../../contract/index.js';
import { addressOf } from '../../../text/address.js';
import { readSession } from '../../runtime/context.js';
import { failed, listOf, passed, warning } from '../check.js';
import { inBatches } from '../in-batches.js';
import { sayByNodes } from '../on-nodes.js';

/** Nodes that are looked at directly, with a connection each. */
const mostAsked = 20;

/**
 * Checks that nodes are registered with PostgreSQL's own port, not with a pooler's: an online move opens a replication
 * connection to it, which PgBouncer refuses (`unsupported startup parameter: replication`). Another port alone says
 * little, since containers map ports, so such a node is asked directly.
 */
export async function nodePorts(
  db: Db,
  cluster: ClusterConfig,
  conditions: readonly Conditions[],
  online: boolean,
): Promise<Check> {
  const pooledByRow = await readPooledNodes(db);
  const others = conditions.filter(({ node, port }) => addressOf(node).port !== port).slice(0, mostAsked);
  const answers = await inBatches(others, 10, async (each) => ({
    ...each,
    pooled: await askDirectly(cluster, each.node),
  }));
  const problems = [
    ...pooledByRow.map((node) => ({
      node,
      what: 'pg_dist_poolinfo sends its connections over a pooler',
      mend: `DELETE FROM pg_dist_poolinfo WHERE nodeid IN (SELECT nodeid FROM pg_dist_node WHERE ${isRow(node)});`,
    })),
    ...answers.flatMap(({ node, port, pooled }) =>
      pooled === true
        ? [
            {
              node,
              what: `a pooler answers at this port; PostgreSQL itself listens on ${port}`,
              mend: `SELECT citus_update_node(nodeid, nodename, ${port}) FROM pg_dist_node WHERE ${isRow(node)};`,
            },
          ]
        : [],
    ),
  ];
  if (problems.length > 0)
    return (online ? failed : warning)(
      'node-ports',
      `${sayByNodes(problems)}: online moves need replication connections, which poolers refuse`,
      `let nodes reach PostgreSQL itself there, on the coordinator: ${problems
        .slice(0, 5)
        .map(({ mend }) => mend)
        .join(' ')} or move with block_writes`,
    );
  const unknown = answers.filter(({ pooled }) => pooled === undefined);
  if (unknown.length > 0)
    return warning(
      'node-ports',
      sayByNodes(
        unknown.map(({ node, port }) => ({
          node,
          what: `PostgreSQL itself listens on ${port}; a mapped port is no hindrance, a pooler is one`,
        })),
      ),
      'make sure that no pooler is registered as a node',
    );
  return passed(
    'node-ports',
    answers.length === 0
      ? 'each node is registered with the port that it listens on'
      : `no pooler in between; mapped ports: ${listOf(answers.map(({ node, port }) => `${node} is ${port}`))}`,
  );
}

function isRow(node: string): string {
  const { host, port } = addressOf(node);
  return `nodename = ${literal(host)} AND nodeport = ${port} AND noderole = 'primary'`;
}

/** Undefined: it can't be asked from here. */
async function askDirectly(cluster: ClusterConfig, node: string): Promise<boolean | undefined> {
  try {
    return await withNode(cluster, node, readSession('preflight'), isPooled);
  } catch {
    return undefined;
  }
}
