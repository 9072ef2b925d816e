import { readLag, readWal, type WalFacts } from '../../../citus/hold/clone.js';
import { fenceDatabaseName, whyNoFence } from '../../../citus/hold/fence.js';
import { readOldPrepared } from '../../../citus/hold/take.js';
import { readUnlogged } from '../../../citus/hold/unlogged.js';
import type { NodeCapacity } from '../../../citus/nodes/capacity.js';
import type { ClusterNode } from '../../../citus/nodes/nodes.js';
import { readServerFacts, type ServerFacts } from '../../../citus/nodes/server-facts.js';
import { NodeNotAllowedError, withNode, type Db } from '../../../citus/session/connect.js';
import { literal } from '../../../citus/session/quote.js';
import type { ClusterConfig } from '../../../config/index.js';
import { does, type Check } from '../../../contract/index.js';
import { addressOf } from '../../../text/address.js';
import { formatBytes } from '../../../text/figures.js';
import { reaching } from '../../hold/servers.js';
import { otherDatabase } from '../../machines/fate.js';
import { readSession } from '../../runtime/context.js';
import { failed, listOf, passed } from '../check.js';

/** Bytes of WAL that a standby may lack. It catches up before anything is held; this tells one that does from one that can't. */
const mostLagBytes = 64 * 2 ** 20;

/** A worker whose place a standby is to take, and that standby; absent: it is yet to be made. */
interface Replacing {
  node: string;
  clone?: string;
}

/** Whether a worker can be replaced by a standby of it, and this one can take its place. */
export async function replacingChecks(
  db: Db,
  cluster: ClusterConfig,
  { nodes, capacities }: { nodes: ClusterNode[]; capacities: NodeCapacity[] },
  { node, clone }: Replacing,
): Promise<Check[]> {
  const row = nodes.find((each) => each.node.toLowerCase() === node);
  const replaced = replacedWorker({ node, ...(clone !== undefined && { clone }) }, row, nodes, capacities);
  if (!replaced.ok || !row) return [replaced];
  return [
    replaced,
    ...(clone === undefined ? [] : await cloneChecks(cluster, nodes, { node: row.node, clone })),
    await mayBeFenced(cluster, row.node),
    await noOtherDatabase(cluster, row.node),
    await nothingUnlogged(db, row),
    await nothingPrepared(cluster, row.node),
  ];
}

function replacedWorker(
  { node: address, clone }: Replacing,
  row: ClusterNode | undefined,
  nodes: ClusterNode[],
  capacities: NodeCapacity[],
): Check {
  const workers = nodes.filter(({ role }) => role === 'worker').map(({ node }) => node);
  const nameOne = `name a worker of this cluster: ${listOf(workers, 20) || 'it has none'}`;
  if (!row) return failed('replaced-worker', `${address} is no node of this cluster`, nameOne);
  if (row.role === 'coordinator') return failed('replaced-worker', `${address} is the coordinator`, nameOne);
  if (row.role === 'secondary')
    return failed('replaced-worker', `${address} is a standby: it follows its primary`, nameOne);
  const answer = capacities.find(({ node }) => node === row.node);
  if (!row.active || !answer || 'error' in answer)
    return failed(
      'replaced-worker',
      `${row.node} ${row.active ? `doesn't answer${answer && 'error' in answer ? `: ${answer.error}` : ''}` : 'is not active'}`,
      does(
        'emergencyRemoveWorker',
        'bring it back, then ask again; if it is dead, take it out as a dead one: its standby takes its place then',
        { node: row.node, ...(clone !== undefined && { standby: clone }) },
      ),
    );
  return passed('replaced-worker', `${row.node}, node group ${row.groupId}`);
}

/** Whether this server is a streaming standby of that worker, by what both say, and how far behind it is. */
export async function cloneChecks(
  cluster: ClusterConfig,
  nodes: readonly ClusterNode[],
  { node, clone }: Required<Replacing>,
): Promise<Check[]> {
  const wrong = (why: string, remedy: string): Check[] => [failed('replacement', `${clone} ${why}`, remedy)];
  const registered = nodes.find((each) => each.node.toLowerCase() === clone.toLowerCase());
  if (registered?.role === 'secondary') {
    const { host, port } = addressOf(registered.node);
    return wrong(
      'is registered as a standby, and two nodes can’t have one address',
      `take it out first, on the coordinator: SELECT citus_remove_node(${literal(host)}, ${port});`,
    );
  }
  if (registered)
    return wrong(
      registered.role === 'coordinator' ? 'is the coordinator' : 'is a worker of this cluster',
      'name a streaming standby of the worker',
    );
  try {
    const look = (address: string): Promise<[ServerFacts, WalFacts]> =>
      withNode(cluster, address, readSession('preflight'), async (own) => [
        await readServerFacts(own),
        await readWal(own),
      ]);
    const [old, oldWal] = await look(node);
    const [facts, wal] = await look(clone);
    const why = whyNoClone(node, old, facts, oldWal, wal);
    if (why) return wrong(why.evidence, why.remedy);
    const bytes = await withNode(cluster, clone, readSession('preflight'), (own) =>
      readLag(own, oldWal.position),
    );
    return [
      passed('replacement', `${clone} is a streaming standby of ${node}`),
      bytes <= mostLagBytes
        ? passed('replacement-lag', `${clone} lacks ${formatBytes(bytes)} of the WAL of ${node}`)
        : failed(
            'replacement-lag',
            `${clone} lacks ${formatBytes(bytes)} of the WAL of ${node}, and may lack ${formatBytes(mostLagBytes)}`,
            'wait until it has caught up, then ask again; look at its log, and whether a query there holds its replay up',
          ),
    ];
  } catch (error) {
    if (error instanceof NodeNotAllowedError)
      return wrong(
        'may not be connected to: no pattern of allowedNodes matches it',
        'add it to allowedNodes of the cluster in the config of the worker',
      );
    return wrong(
      `can't be looked at: ${error instanceof Error ? (error.message.split('\n')[0] ?? '') : ''}`,
      'start it, with hot_standby on, and let citus-scaler in; then ask again',
    );
  }
}

/** Why a server is no clone that can take a worker's place; undefined: it is one. */
function whyNoClone(
  node: string,
  old: ServerFacts,
  facts: ServerFacts,
  oldWal: WalFacts,
  wal: WalFacts,
): { evidence: string; remedy: string } | undefined {
  const another = `make a standby of ${node}, by pg_basebackup -R, and name that`;
  if (facts.systemIdentifier === null || old.systemIdentifier === null)
    return {
      evidence: 'can’t be told from a stranger: the role may not ask for the system identifier',
      remedy: 'GRANT EXECUTE ON FUNCTION pg_control_system() to the role',
    };
  if (facts.systemIdentifier !== old.systemIdentifier)
    return {
      evidence: `is no copy of ${node}: its system identifier is ${facts.systemIdentifier}, that of ${node} ${old.systemIdentifier}`,
      remedy: another,
    };
  if (!wal.inRecovery)
    return {
      evidence: `is no standby: it takes writes. It was a copy of ${node} once, and has gone its own way since`,
      remedy: another,
    };
  if (!wal.streaming)
    return {
      evidence: `streams nothing from ${node}`,
      remedy: 'look at its log and at primary_conninfo; once it streams, ask again',
    };
  if (wal.timeline !== oldWal.timeline)
    return {
      evidence: `follows timeline ${String(wal.timeline)}, and ${node} writes timeline ${String(oldWal.timeline)}`,
      remedy: another,
    };
  if (facts.library !== old.library)
    return {
      evidence: `has Citus ${facts.library ?? 'not'}, and ${node} ${old.library ?? 'not'}`,
      remedy: 'install the same Citus there, and restart it',
    };
  return undefined;
}

/** Whether a server can be fenced. A standby lets in whom its primary lets in. */
export async function mayBeFenced(cluster: ClusterConfig, node: string): Promise<Check> {
  const inside = { ...reaching(cluster, node), database: fenceDatabaseName };
  const why = await withNode(inside, node, readSession('preflight'), (db) =>
    whyNoFence(db, cluster.database),
  ).catch((error: unknown) => (error instanceof Error ? error.message : String(error)));
  return why === undefined
    ? passed('replaced-fence', `nobody will be let into ${cluster.database} on ${node} any more`)
    : failed(
        'replaced-fence',
        `${node} can't be kept from going on once it is not to: ${why}`,
        `let the role of citus-scaler into the database ${fenceDatabaseName} of ${node}, as a superuser; or move shards instead of using a standby`,
      );
}

async function noOtherDatabase(cluster: ClusterConfig, node: string): Promise<Check> {
  const user = await otherDatabase(cluster, node);
  return user === undefined
    ? passed('replaced-databases', `${node} has no other database in use`)
    : failed(
        'replaced-databases',
        `${user}: a standby takes that over too, and what is written there meanwhile is lost`,
        `move that database elsewhere first, or see to it that nobody writes there, and accept this check; or replace ${node} by moving shards`,
      );
}

/** Whether no unlogged table has shards on a worker. */
export async function nothingUnlogged(db: Db, { node, groupId }: ClusterNode): Promise<Check> {
  const tables = await readUnlogged(db, groupId);
  return tables.length === 0
    ? passed('replaced-unlogged', `no unlogged table has shards on ${node}`)
    : failed(
        'replaced-unlogged',
        `unlogged tables with shards on ${node}, which are empty on any standby: ${listOf(tables)}`,
        `on the coordinator: ${tables.map((table) => `ALTER TABLE ${table} SET LOGGED;`).join(' ')}`,
      );
}

/** Whether no transaction has been prepared for long on a worker. */
export async function nothingPrepared(cluster: ClusterConfig, node: string): Promise<Check> {
  const gids = await withNode(cluster, node, readSession('preflight'), readOldPrepared);
  return gids.length === 0
    ? passed('replaced-transactions', `no transaction is prepared for long on ${node}`)
    : failed(
        'replaced-transactions',
        `prepared for more than a minute on ${node}: ${listOf(gids)}`,
        `those of Citus, citus_…, are finished on the coordinator: SELECT recover_prepared_transactions(); others by whoever began them, by COMMIT PREPARED or ROLLBACK PREPARED on ${node}`,
      );
}
