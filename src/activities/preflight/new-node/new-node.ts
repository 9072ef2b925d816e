import { withCoordinator, withNode, NodeNotAllowedError, type Db } from '../../../citus/session/connect.js';
import { readCapacity, type Capacity, type NodeCapacity } from '../../../citus/nodes/capacity.js';
import { readDirt, type Dirt } from '../../../citus/new-server/dirt.js';
import {
  readOtherExtensions,
  type Extension,
  type OtherExtension,
} from '../../../citus/new-server/extensions.js';
import { isSameServer, type KnownServer } from '../../../citus/new-server/identity.js';
import { readInTheWay, type ComingObject, type InTheWay } from '../../../citus/new-server/names-in-use.js';
import { readLikeness } from '../../../citus/new-server/likeness.js';
import { readBrokenDictionaries } from '../../../citus/new-server/needs.js';
import { readBrokenWays, type BrokenWay } from '../../../citus/new-server/ways.js';
import { runOnNodes } from '../../../citus/nodes/node-settings.js';
import type { ClusterNode } from '../../../citus/nodes/nodes.js';
import { readOwnTuningRights } from '../../../citus/roles/rights.js';
import { readServerFacts, versionText, type ServerFacts } from '../../../citus/nodes/server-facts.js';
import type { ClusterConfig } from '../../../config/index.js';
import type { Check } from '../../../contract/index.js';
import { readSession } from '../../runtime/context.js';
import { newNodeShortages } from '../cluster/capacity.js';
import { newNodeConnections } from '../cluster/connections.js';
import { temporary } from '../../settings/temporary.js';
import { failed, passed } from '../check.js';
import { newServerChecks } from '../servers/server-checks.js';
import { newNodeTuning } from '../rights/rights.js';
import {
  cleanServer,
  extension,
  extensions,
  mesh,
  namesFree,
  sameLocale,
  sameVersions,
} from './new-node-checks.js';
import { alike } from './likeness-checks.js';
import type { Others } from './others.js';
import { anotherName, belonging, takesWrites } from './which-server.js';

/** The cluster that a new server is to join, as far as its checks need it. */
export interface NewNodeContext {
  cluster: ClusterConfig;
  coordinator: ServerFacts;
  /** Extensions that Citus will create on it. */
  extensions: Extension[];
  /** What else Citus will make on it. */
  coming: ComingObject[];
  /** The nodes that it is compared with. */
  others: Others;
  /** Which servers the nodes are, as far as they tell. */
  known: KnownServer[];
  nodes: ClusterNode[];
  /** Active workers that answer. */
  workers: string[];
  capacities: NodeCapacity[];
  /** Owners that the tables of one shard group have at most. */
  owners: number;
  parallelMoves: number;
  transferMode: string;
}

interface NewServerState {
  facts: ServerFacts;
  otherExtensions: OtherExtension[];
  /** Text search dictionaries that can't be made there. */
  brokenDictionaries?: { name: string; error: string }[];
  capacity?: Capacity;
  dirt?: Dirt;
  inTheWay?: InTheWay;
  broken?: BrokenWay[];
  /** Grants that lowering a setting there would take. */
  tuningLacks?: string[];
}

/** The checks of one server, and which server it is where it could be asked. */
export interface NewNodeLook {
  checks: Check[];
  server?: KnownServer;
}

/** Everything that Citus would find out too late, looked at on the server itself before it is registered. */
export async function checkNewNode(context: NewNodeContext, node: string): Promise<NewNodeLook> {
  const { cluster, nodes } = context;
  const row = nodes.find((each) => each.node.toLowerCase() === node.toLowerCase());
  const known = row && registeredAs(node, row);
  if (known) return { checks: [known] };
  let state: NewServerState;
  try {
    const options = readSession('preflight', { statementTimeoutSeconds: 30 });
    state = await withNode(cluster, node, options, (db) => readState(context, db, node));
  } catch (error) {
    return { checks: [unusable(node, error)] };
  }
  const { facts } = state;
  const reach = await coordinatorReach(cluster, node);
  const isUsable = reach.ok && state.capacity !== undefined;
  return {
    checks: [
      passed('new-node-reachable', `${node} answers: PostgreSQL ${versionText(facts.versionNum)}`),
      ...checksOf(context, node, state),
      reach,
      ...(isUsable ? [...(await asServer(context, node)), ...(await likeOthers(context, node, state))] : []),
    ],
    server: { ...facts, node },
  };
}

/** What is to be said of a server that is registered; nothing when it is to be activated. */
function registeredAs(node: string, { role, active }: ClusterNode): Check | undefined {
  switch (role) {
    case 'coordinator':
      return failed('new-node-is-new', `${node} is the coordinator`, 'name another server');
    case 'secondary':
      return failed(
        'new-node-is-new',
        `${node} is registered as a standby`,
        'name a server that is no standby',
      );
    case 'worker':
      return active
        ? passed('new-node-is-new', `${node} is an active worker already: nothing to do for it`)
        : undefined;
  }
}

/** What it is like for the roles as which the coordinator will work on it. */
function asServer({ cluster, parallelMoves, transferMode }: NewNodeContext, node: string): Promise<Check[]> {
  return withCoordinator(cluster, readSession('preflight'), (db) =>
    newServerChecks(db, cluster, { node, atOnce: parallelMoves, online: transferMode !== 'block_writes' }),
  );
}

async function readState(context: NewNodeContext, db: Db, node: string): Promise<NewServerState> {
  const facts = await readServerFacts(db);
  const otherExtensions = await readOtherExtensions(db, context.extensions);
  if (
    facts.citus === null ||
    facts.inRecovery ||
    facts.readOnly ||
    context.known.some((each) => isSameServer(facts, each))
  )
    return { facts, otherExtensions };
  return {
    facts,
    otherExtensions,
    brokenDictionaries: await readBrokenDictionaries(db, context.others.needs.dictionaries),
    capacity: await readCapacity(db),
    inTheWay: await readInTheWay(db, context.coming),
    dirt: await readDirt(db),
    broken: await brokenWays(context, db, node),
    ...(context.cluster.movement.tune ? { tuningLacks: await tuningLacks(db, facts) } : {}),
  };
}

async function tuningLacks(db: Db, { superuser, versionNum }: ServerFacts): Promise<string[]> {
  if (superuser) return [];
  if (versionNum < 150_000) return ['superuser, as ALTER SYSTEM takes before PostgreSQL 15'];
  return readOwnTuningRights(db, temporary.name);
}

/** Ways to and from the first 50 workers; more would tell the same. */
async function brokenWays({ cluster, workers }: NewNodeContext, db: Db, node: string): Promise<BrokenWay[]> {
  return withCoordinator(cluster, readSession('preflight'), (coordinator) =>
    readBrokenWays(coordinator, db, node, workers.slice(0, 50)),
  );
}

function checksOf(context: NewNodeContext, node: string, state: NewServerState): Check[] {
  const { facts, capacity, dirt, inTheWay, otherExtensions, broken, tuningLacks: lacks } = state;
  const { coordinator, cluster, known, parallelMoves, transferMode } = context;
  const twin = anotherName(node, facts, known);
  if (twin) return [twin];
  const writable = takesWrites(node, facts, context);
  if (!writable.ok) return [writable];
  const citus = extension(node, facts, cluster.database);
  if (!citus.ok) return [writable, citus];
  return [
    writable,
    citus,
    sameVersions(node, facts, coordinator),
    sameLocale(node, facts, coordinator),
    extensions(node, otherExtensions),
    ...(facts.patroni === null || coordinator.patroni !== null
      ? []
      : [failed('patroni', `Patroni runs ${node}: ${facts.patroni}`, 'add it through Patroni')]),
    ...(inTheWay ? [namesFree(node, inTheWay)] : []),
    ...(dirt ? [...belonging(context, node, facts, dirt), cleanServer(node, dirt, facts)] : []),
    ...(broken ? [mesh(node, broken)] : []),
    ...(lacks ? [newNodeTuning(node, facts.user, lacks)] : []),
    ...(capacity
      ? [
          ...newNodeShortages(node, capacity, { moves: parallelMoves, owners: context.owners, transferMode }),
          ...newNodeConnections(node, capacity, { others: context.capacities, moves: parallelMoves }),
        ]
      : []),
  ];
}

/** The same way that Citus will take: from the coordinator. */
async function coordinatorReach(cluster: ClusterConfig, node: string): Promise<Check> {
  const [answer] = await withCoordinator(cluster, readSession('preflight'), (db) =>
    runOnNodes(db, [{ node, command: 'select 1' }]),
  );
  return answer?.success
    ? passed('coordinator-reaches-new-node', `the coordinator reaches ${node}`)
    : failed(
        'coordinator-reaches-new-node',
        `the coordinator can't reach ${node}: ${answer?.result ?? 'no answer'}`,
        'check name resolution, firewall, pg_hba.conf and the password of the coordinator',
      );
}

/** Whether it has what the other nodes have, as the coordinator's sessions find it there. */
async function likeOthers(
  { cluster, coordinator, others }: NewNodeContext,
  node: string,
  { brokenDictionaries = [] }: NewServerState,
): Promise<Check[]> {
  const [server] = await withCoordinator(cluster, readSession('preflight'), (db) =>
    readLikeness(db, [node], coordinator.versionNum),
  );
  return server ? alike(server, others, brokenDictionaries) : [];
}

function unusable(node: string, error: unknown): Check {
  if (error instanceof NodeNotAllowedError)
    return failed(
      'new-node-allowed',
      error.message,
      'add it to allowedNodes of the cluster in the config of the worker',
    );
  if (causeOf(error).includes('only be loaded via shared_preload_libraries'))
    return failed(
      'new-node-extension',
      `${node} has not loaded Citus`,
      `put citus first into shared_preload_libraries there, and restart it`,
    );
  return failed(
    'new-node-reachable',
    `${node} can't be used: ${causeOf(error)}`,
    'start it, or check host, port, database, user and password',
  );
}

/** Node reports a host with several addresses as an AggregateError, whose own message is empty. */
function causeOf(error: unknown): string {
  const inner: unknown = error instanceof AggregateError ? error.errors[0] : error;
  return inner instanceof Error ? inner.message : String(inner);
}
