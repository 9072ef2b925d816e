import { fenceDatabase, fenceDatabaseName } from '../../citus/hold/fence.js';
import { endHoldSessions } from '../../citus/hold/sessions.js';
import { readSystemIdentifier } from '../../citus/nodes/server-facts.js';
import { withCoordinator, withNode, type ConnectOptions, type Db } from '../../citus/session/connect.js';
import type { ClusterConfig } from '../../config/index.js';
import type { HoldEntry } from '../../contract/internal/undo.js';
import { refused } from '../../failures.js';

/**
 * Sessions on several servers, all open at once.
 *
 * @param nodes `host:port`; they may be connected to, whoever is registered by now
 */
export async function withNodes<T>(
  cluster: ClusterConfig,
  nodes: readonly string[],
  options: ConnectOptions,
  work: (sessions: Db[]) => Promise<T>,
): Promise<T> {
  const open = (index: number, sessions: Db[]): Promise<T> => {
    const node = nodes[index];
    return node === undefined
      ? work(sessions)
      : withNode(reaching(cluster, node), node, options, (db) => open(index + 1, [...sessions, db]));
  };
  return open(0, []);
}

/** The cluster, with a server that the undo ledger names: it was registered, or allowed, when the entry was made. */
export function reaching(cluster: ClusterConfig, node: string): ClusterConfig {
  return { ...cluster, allowedNodes: [...cluster.allowedNodes, node] };
}

/** Whether the server at the address of a clone is a copy of the worker, as it was when the hold was planned. */
export async function isCloneStill(clone: Db, { server }: Pick<HoldEntry, 'server'>): Promise<boolean> {
  return server === undefined || (await readSystemIdentifier(clone)) === server;
}

/** Another server has the address of a clone: it is nobody's to promote, or to fence. */
export function otherServer(cluster: string, { node, clone }: Pick<HoldEntry, 'node' | 'clone'>): Error {
  return refused('PlanChanged', `${clone} is no copy of ${node} any more: another server has its address`, {
    cluster,
    evidence: [`the system identifier of ${clone} is not that of ${node}`],
    remedies: [`make another standby of ${node}, and start again with that one: nothing has changed`],
  });
}

/** Lets nobody into the cluster's database on a server any more. May be called any number of times. */
export async function fence(cluster: ClusterConfig, node: string, options: ConnectOptions): Promise<void> {
  const { database } = cluster;
  await withNode({ ...reaching(cluster, node), database: fenceDatabaseName }, node, options, (db) =>
    fenceDatabase(db, database),
  );
}

/** Ends what a hold has at the coordinator: what it has decided by then holds. */
export async function endAtCoordinator(
  cluster: ClusterConfig,
  { session }: Pick<HoldEntry, 'session'>,
  options: ConnectOptions,
): Promise<void> {
  await withCoordinator(cluster, options, (db) => endHoldSessions(db, session));
}

/** Ends what a hold has at all other servers: once it returns nothing of it takes effect any more. */
export async function endElsewhere(
  cluster: ClusterConfig,
  { session, servers }: Pick<HoldEntry, 'session' | 'servers'>,
  options: ConnectOptions,
): Promise<void> {
  await Promise.all(
    servers.map((node) =>
      withNode(reaching(cluster, node), node, options, (db) => endHoldSessions(db, session)).catch(
        (error: unknown) => {
          // A fenced database lets nobody in, and has ended all who were.
          if (!isFenced(error)) throw error;
        },
      ),
    ),
  );
}

function isFenced(error: unknown): boolean {
  return error instanceof Error && /is not currently accepting connections/.test(error.message);
}
