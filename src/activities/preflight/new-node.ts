import { withCoordinator, withNode, NodeNotAllowedError, type Db } from '../../citus/connect.js';
import { readCapacity, type Capacity } from '../../citus/capacity.js';
import { readDirt } from '../../citus/leftovers.js';
import { runOnNodes } from '../../citus/node-settings.js';
import type { ClusterNode } from '../../citus/nodes.js';
import { readServerFacts, versionText, type ServerFacts } from '../../citus/server-facts.js';
import type { ClusterConfig } from '../../config/index.js';
import type { Check } from '../../contract/index.js';
import { session } from '../context.js';
import { capacityChecks } from './capacity.js';
import { blocker, passed, warning } from './check.js';

export interface NewNodeContext {
  cluster: ClusterConfig;
  coordinator: ServerFacts;
  nodes: ClusterNode[];
  parallelMoves: number;
  transferMode: string;
}

interface Seen {
  facts: ServerFacts;
  capacity?: Capacity;
  dirt?: { tables: number; example: string | null; nodes: number };
}

/** Everything that Citus would find out too late, looked at on the server itself before it is registered. */
export async function checkNewNode(context: NewNodeContext, node: string): Promise<Check[]> {
  const { cluster, nodes } = context;
  const known = nodes.find((each) => each.node.toLowerCase() === node.toLowerCase());
  if (known?.role === 'coordinator')
    return [blocker('new-node-is-new', `${node} is the coordinator`, 'name another server')];
  if (known?.role === 'secondary')
    return [
      blocker('new-node-is-new', `${node} is registered as a standby`, 'name a server that is no standby'),
    ];
  if (known?.active)
    return [passed('new-node-is-new', `${node} is an active worker already: nothing to do for it`)];
  let seen: Seen;
  try {
    seen = await withNode(cluster, node, session('preflight', { statementTimeoutSeconds: 15 }), look);
  } catch (error) {
    return [whyNot(node, error)];
  }
  return [
    passed('new-node-reachable', `${node} answers: PostgreSQL ${versionText(seen.facts.versionNum)}`),
    ...identity(context, node, seen),
    ...(await reached(cluster, node)),
  ];
}

async function look(db: Db): Promise<Seen> {
  const facts = await readServerFacts(db);
  if (facts.citus === null) return { facts };
  return { facts, capacity: await readCapacity(db), dirt: await readDirt(db) };
}

function identity(
  { cluster, coordinator, parallelMoves, transferMode }: NewNodeContext,
  node: string,
  { facts, capacity, dirt }: Seen,
): Check[] {
  if (
    facts.systemIdentifier !== null &&
    facts.systemIdentifier === coordinator.systemIdentifier &&
    facts.startedAt === coordinator.startedAt
  ) {
    return [
      blocker(
        'new-node-is-new',
        `${node} is the coordinator itself under another name`,
        'name another server',
      ),
    ];
  }
  if (facts.inRecovery) return [blocker('new-node-writable', `${node} is a standby`, 'name a primary')];
  if (facts.readOnly)
    return [
      blocker(
        'new-node-writable',
        `${node}: transactions are read-only`,
        'set default_transaction_read_only = off there',
      ),
    ];
  const checks: Check[] = [passed('new-node-writable', `${node} is a primary that takes writes`)];
  if (facts.citus === null) {
    return [
      ...checks,
      blocker(
        'new-node-extension',
        `${node} has no citus extension in the database ${cluster.database}`,
        `run create extension citus in ${cluster.database} on ${node}`,
      ),
    ];
  }
  checks.push(passed('new-node-extension', `${node} has Citus ${facts.citus} in ${cluster.database}`));
  const major = (version: number): number => Math.floor(version / 10_000);
  checks.push(
    major(facts.versionNum) === major(coordinator.versionNum) && facts.citus === coordinator.citus
      ? passed('new-node-versions', `${node}: as the coordinator`)
      : blocker(
          'new-node-versions',
          `${node} has PostgreSQL ${versionText(facts.versionNum)}, Citus ${facts.citus}; the coordinator ${versionText(coordinator.versionNum)}, ${coordinator.citus ?? 'missing'}`,
          'install the same versions',
        ),
  );
  if (facts.patroni !== null)
    checks.push(
      blocker('patroni', `${node} is managed by Patroni: ${facts.patroni}`, 'add it through Patroni'),
    );
  if (dirt && dirt.tables > 0) {
    checks.push(
      warning(
        'new-node-clean',
        `${node} holds ${dirt.tables} tables that look like shards of an earlier time (${dirt.example ?? ''})`,
        'drop them there, or start from an empty database: later moves of these shards may fail',
      ),
    );
  } else if (dirt && dirt.nodes > 0 && facts.localGroup !== 0) {
    checks.push(
      warning(
        'new-node-clean',
        `${node} believes that it belongs to a cluster of ${dirt.nodes} nodes`,
        'make sure that it is no longer part of another cluster',
      ),
    );
  } else checks.push(passed('new-node-clean', `${node} holds nothing of an earlier cluster`));
  const lacking = capacity
    ? capacityChecks([{ node, capacity }], parallelMoves, transferMode).filter(({ ok }) => !ok)
    : [];
  return [...checks, ...lacking];
}

/** The same way that Citus will take: from the coordinator. */
async function reached(cluster: ClusterConfig, node: string): Promise<Check[]> {
  const [answer] = await withCoordinator(cluster, session('preflight'), (db) =>
    runOnNodes(db, [{ node, command: 'select 1' }]),
  );
  return [
    answer?.success
      ? passed('coordinator-reaches-new-node', `the coordinator reaches ${node}`)
      : blocker(
          'coordinator-reaches-new-node',
          `the coordinator can't reach ${node}: ${answer?.result ?? 'no answer'}`,
          'check name resolution, firewall, pg_hba.conf and the password of the coordinator',
        ),
  ];
}

function whyNot(node: string, error: unknown): Check {
  if (error instanceof TypeError) throw error;
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof NodeNotAllowedError)
    return blocker(
      'new-node-allowed',
      message,
      'add it to allowedNodes of the cluster in the config of the worker',
    );
  return blocker(
    'new-node-reachable',
    `${node} can't be reached: ${message}`,
    'start it, or check host, port, database, user and password',
  );
}
