import { cancellationSignal } from '@temporalio/activity';
import { withCoordinator, withNode } from '../../citus/session/connect.js';
import { runOnNodes } from '../../citus/nodes/node-settings.js';
import { readNodes } from '../../citus/nodes/nodes.js';
import { isRegistered } from '../../citus/nodes/registration.js';
import type { ClusterConfig, Config } from '../../config/index.js';
import type { Machine } from '../../machines/provisioner.js';
import { readSession } from '../runtime/context.js';
import { provisionerOf, stopProgram } from '../../machines/provisioner-of.js';
import { formatAddress } from '../../text/address.js';

/** The fate of the machine of a worker that leaves, and the reason. */
export interface MachineFate {
  stops: boolean;
  /** `is stopped by …`, or why it goes on running. */
  why: string;
}

/** Finds out whether the machine of a node is stopped: only when our provisioner knows it and nobody else needs it. What can't be found out counts as needed. */
export async function fateOf(config: Config, cluster: ClusterConfig, node: string): Promise<MachineFate> {
  const goesOn = (why: string): MachineFate => ({ stops: false, why: `goes on running: ${why}` });
  const program = stopProgram(cluster);
  if (program === undefined) return goesOn('the config has no workersFrom, so it is stopped elsewhere');
  if (!(await machineOf(cluster, node))) return goesOn('the provisioner doesn’t know it');
  const user = (await otherCluster(config, cluster, node)) ?? (await otherDatabase(cluster, node));
  if (user !== undefined) return goesOn(user);
  return { stops: true, why: `is stopped by ${program}` };
}

/** The machine of a node, if the provisioner lists it. */
export async function machineOf(cluster: ClusterConfig, node: string): Promise<Machine | undefined> {
  const machines = await provisionerOf(cluster).list(cancellationSignal());
  return machines.find((machine) => machine.node.toLowerCase() === node.toLowerCase());
}

/** Another cluster of the config that has it as a node, now; who can't be asked counts as one. */
export async function otherCluster(
  config: Config,
  cluster: ClusterConfig,
  node: string,
): Promise<string | undefined> {
  for (const other of config.clusters) {
    if (isSameDatabase(other, cluster)) continue;
    if (other.hosts.some((host) => formatAddress({ host, port: other.port }) === node.toLowerCase()))
      return `it is the coordinator of cluster ${other.name}`;
    try {
      const nodes = await withCoordinator(other, readSession('machine'), readNodes);
      if (nodes.some((each) => each.node.toLowerCase() === node.toLowerCase()))
        return `cluster ${other.name} uses it too`;
    } catch {
      return `cluster ${other.name} could not be asked whether it uses it too`;
    }
  }
  return undefined;
}

function isSameDatabase(one: ClusterConfig, other: ClusterConfig): boolean {
  return (
    one.name === other.name ||
    (one.database === other.database &&
      one.port === other.port &&
      one.hosts.some((host) => other.hosts.includes(host)))
  );
}

/**
 * The other databases of a server, `postgres` too, where people run clusters as well, and those that allow no
 * connection: they can't be looked into.
 */
const databases = `select coalesce(json_agg(datname order by datname), '[]')::text from pg_database
  where not datistemplate and datname <> current_database()`;

/** Another database on the same server that holds anything. */
export async function otherDatabase(cluster: ClusterConfig, node: string): Promise<string | undefined> {
  const [answer] = await withCoordinator(cluster, readSession('machine'), async (db) =>
    (await isRegistered(db, node)) ? runOnNodes(db, [{ node, command: databases }]) : [],
  );
  if (!answer?.success) return 'it could not be asked which databases it has';
  for (const database of JSON.parse(answer.result) as string[]) {
    try {
      if (await databaseInUse(cluster, node, database)) return `its database ${database} is in use`;
    } catch {
      return `its database ${database} could not be looked into`;
    }
  }
  return undefined;
}

/** The node is registered, so that we may connect to it; only in that other database nobody can tell. */
async function databaseInUse(cluster: ClusterConfig, node: string, database: string): Promise<boolean> {
  const otherConfig = { ...cluster, database, allowedNodes: [node] };
  return withNode(otherConfig, node, readSession('machine'), async (db) => {
    const [row] = await db.query<{ used: boolean }>(
      `select exists (select from pg_extension where extname = 'citus')
           or exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace
                       where c.relkind in ('r', 'p', 'm') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema') as used`,
    );
    return row?.used ?? true;
  });
}
