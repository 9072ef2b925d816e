import { readCapacities } from '../../../citus/nodes/capacity.js';
import { withCoordinator, type Db } from '../../../citus/session/connect.js';
import { readExtensions } from '../../../citus/new-server/extensions.js';
import { readIdentities } from '../../../citus/new-server/identity.js';
import { readLikeness } from '../../../citus/new-server/likeness.js';
import { readComingObjects } from '../../../citus/new-server/names-in-use.js';
import { readNeeds } from '../../../citus/new-server/needs.js';
import { readMostOwners } from '../../../citus/roles/owners.js';
import { activePrimaries, readNodes } from '../../../citus/nodes/nodes.js';
import { readServerFacts } from '../../../citus/nodes/server-facts.js';
import type { ClusterConfig } from '../../../config/index.js';
import { worstFirst, type Check } from '../../../contract/index.js';
import { fitChecks } from '../../../planning/fit.js';
import { readSession } from '../../runtime/context.js';
import { inBatches } from '../in-batches.js';
import type { PreflightRequest } from '../intent.js';
import { checkNewNode, type NewNodeContext } from './new-node.js';
import { noTwins } from './which-server.js';
import { answeringNodes, type ClusterState } from '../cluster-state.js';
import { applyAcceptance } from '../severity.js';

/** Each takes up to four connections, and ten seconds when it doesn't answer. */
const newNodesAtOnce = 10;

/** Checks servers that have been started for this operation, before they are registered. */
export async function checkNewNodes(
  cluster: ClusterConfig,
  request: PreflightRequest,
  nodes: string[],
): Promise<Check[]> {
  const context = await withCoordinator(cluster, readSession('preflight'), async (db) => {
    const nodes = await readNodes(db);
    const facts = await readServerFacts(db);
    const capacities = await readCapacities(db, activePrimaries(nodes));
    return newNodeContext(db, cluster, request, { facts, nodes, capacities });
  });
  const checks = await checkEach(context, nodes);
  return fitChecks(worstFirst(applyAcceptance(checks, request.input.acceptChecks ?? [])));
}

/** The checks of each new server, in the order of the servers. */
export async function checkEach(context: NewNodeContext, nodes: readonly string[]): Promise<Check[]> {
  const looks = await inBatches(nodes, newNodesAtOnce, (node) => checkNewNode(context, node));
  return [...looks.flatMap(({ checks }) => checks), ...noTwins(looks.flatMap(({ server }) => server ?? []))];
}

/** Reads the cluster that new servers are compared with. */
export async function newNodeContext(
  db: Db,
  cluster: ClusterConfig,
  { parallelMoves, transferMode }: PreflightRequest,
  { facts, nodes, capacities }: ClusterState,
): Promise<NewNodeContext> {
  const answer = new Set(answeringNodes(capacities));
  return {
    cluster,
    coordinator: facts,
    extensions: await readExtensions(db),
    coming: await readComingObjects(db),
    others: {
      database: cluster.database,
      nodes: await readLikeness(
        db,
        activePrimaries(nodes).filter((node) => answer.has(node)),
        facts.versionNum,
      ),
      needs: await readNeeds(db),
      bringsDatabaseSettings: isFrom(facts.library, 13, 1),
    },
    known: [
      { ...facts, node: 'the coordinator' },
      ...(await readIdentities(
        db,
        nodes.filter(({ role, node }) => role !== 'coordinator' && answer.has(node)).map(({ node }) => node),
      )),
    ],
    nodes,
    capacities,
    owners: await readMostOwners(db),
    workers: nodes.filter(({ role, node }) => role === 'worker' && answer.has(node)).map(({ node }) => node),
    parallelMoves,
    transferMode,
  };
}

/** Whether a version of Citus, `13.2.2`, is that one or a later one. */
function isFrom(version: string | null, major: number, minor: number): boolean {
  const [own = 0, part = 0] = (version ?? '').split(/[.-]/).map(Number);
  return own > major || (own === major && part >= minor);
}
