import { findBackend, readPlacements, readShardGroup } from '../../citus/moving/moves.js';
import { findNode, readNodes } from '../../citus/nodes/nodes.js';
import { lacksReferenceTables } from '../../citus/nodes/registration.js';
import { moveName } from '../../citus/session/application-name.js';
import { withCoordinator } from '../../citus/session/connect.js';
import type { ClusterConfig } from '../../config/index.js';
import { does } from '../../contract/index.js';
import { needsPerson } from '../../failures.js';
import { ownWorkflowId, readSession } from '../runtime/context.js';
import { chooseMode, type ApprovedMode, type ChosenMode } from './choose-mode.js';
import { refuseBesideOthers } from './beside-others.js';
import type { Scene } from './stalls/stall.js';

/** A move that is still to be made. */
export interface MoveOrder extends ChosenMode {
  state: 'to do';
  operationId: string;
  shardId: number;
  shardIds: number[];
  /** `host:port` */
  from: string;
  to: string;
  fromNodeId: number;
  toNodeId: number;
  tables: string[];
  /** Whether an earlier attempt's statement still runs at the server. */
  running: boolean;
}

/** From where to where a shard group moves, as the plan has it: addresses, and the ids of the nodes, which stay. */
export type Route = Pick<MoveOrder, 'from' | 'to'> & { fromId?: number; toId?: number };

/** The place of a shard group: gone, at its target, elsewhere, or still to be moved. */
export type GroupLocation = { state: 'gone' | 'there' } | { state: 'elsewhere'; node: string } | MoveOrder;

/** The scene of a move, for the search of what holds it up. */
export function sceneOf({
  operationId,
  shardId,
  from,
  to,
  shardIds,
}: Pick<MoveOrder, 'operationId' | 'shardId' | 'from' | 'to'> & { shardIds?: number[] }): Scene {
  return {
    what: `move of shard ${shardId} from ${from} to ${to}`,
    operationId,
    source: from,
    target: to,
    ...(shardIds && { shardIds }),
  };
}

/** Options of a session that no cancel ends: what was reached is told also then. */
export function uncancellable(what: string) {
  return { applicationName: readSession(what).applicationName, statementTimeoutSeconds: 60 };
}

/** They were copied before the first move: the target was registered anew since. */
function withoutReferenceTables(to: string): Error {
  return needsPerson(`${to}, the target of planned moves, lacks reference tables`, {
    evidence: [`pg_dist_placement: not every reference table is on ${to}; it may have been registered anew`],
    remedies: [
      does('retry', `on the coordinator: SELECT replicate_reference_tables('auto'); then retry`),
      does('cancel', 'or cancel'),
    ],
  });
}

/**
 * Looks where a shard group is.
 *
 * @param alone whether its move is to begin, so that nobody else may move data meanwhile
 * @throws what passes, when somebody does
 */
export async function locateGroup(
  cluster: ClusterConfig,
  route: Route & ApprovedMode,
  shardId: number,
  { alone = false } = {},
): Promise<GroupLocation> {
  return withCoordinator(cluster, uncancellable('look'), async (db) => {
    const [placement] = await readPlacements(db, [shardId]);
    if (!placement) return { state: 'gone' };
    const nodes = await readNodes(db);
    const source = findNode(nodes, { node: route.from, nodeId: route.fromId });
    const target = findNode(nodes, { node: route.to, nodeId: route.toId });
    const from = source?.node ?? route.from;
    const to = target?.node ?? route.to;
    if (placement.nodes.includes(to)) return { state: 'there' };
    const fromNodeId = placement.nodeIds[placement.nodes.indexOf(from)];
    if (fromNodeId === undefined) return { state: 'elsewhere', node: placement.nodes.join(', ') };
    if (!target || target.role === 'secondary') {
      throw needsPerson(`${to}, the target of planned moves, is not registered any more`, {
        evidence: [`pg_dist_node has no row for ${to}`],
        remedies: [does('retry', 'register it again, then retry'), does('cancel', 'or cancel')],
      });
    }
    const group = await readShardGroup(db, shardId);
    const operationId = ownWorkflowId();
    const backend = await findBackend(db, moveName(operationId, `${shardId}`));
    if (alone && backend === undefined) {
      await refuseBesideOthers(db, sceneOf({ shardId, from, to, operationId }));
      if (await lacksReferenceTables(db, target.groupId)) throw withoutReferenceTables(to);
    }
    const shardIds = group?.shardIds ?? [shardId];
    const begins = alone && backend === undefined;
    return {
      state: 'to do',
      tables: group?.tables ?? [],
      operationId,
      running: backend !== undefined,
      shardId,
      shardIds,
      from,
      to,
      fromNodeId,
      toNodeId: target.nodeId,
      ...(begins ? await chooseMode(db, route, { from, shardIds }) : { transferMode: route.transferMode }),
    };
  });
}
