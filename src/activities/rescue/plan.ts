import type { DeadNode } from '../../citus/lost/give-up.js';
import { readLostShards, type LostShard } from '../../citus/lost/lost-shards.js';
import { readStandIns } from '../../citus/lost/stand-ins.js';
import { giveUpSilentNodesSoon } from '../../citus/nodes/node-answers.js';
import { activeWorkers, isIsolated, readNodes, type ClusterNode } from '../../citus/nodes/nodes.js';
import { earlierSuccession, type Succession } from '../../citus/nodes/point-at.js';
import { readRights } from '../../citus/roles/rights.js';
import type { Db } from '../../citus/session/connect.js';
import { readShardGroupsWithin, type ShardGroup } from '../../citus/tables/shard-groups.js';
import { conditionOf } from '../../citus/tables/conditions.js';
import { findConditions, type Finding } from '../../citus/tables/find-conditions.js';
import type { ClusterConfig } from '../../config/index.js';
import { chosenRung, type Check, type MoveMode, type Rung, type RungId } from '../../contract/index.js';
import type { OperationRequest } from '../../contract/internal/request.js';
import { sampleOf, type Sample } from '../../contract/internal/sample.js';
import { rungsOf, type RungFacts } from '../../planning/ladder.js';
import { acceptsLoss } from '../../planning/loss.js';
import { spread } from '../../planning/rebuild.js';
import { count } from '../../text/figures.js';
import { noMoves } from '../plan/move-modes.js';
import { draftOf, type Draft } from '../plan/draft.js';
import type { GroupMove } from '../plan/group-moves.js';
import { groupOf, type PatroniGroup } from '../patroni/group.js';
import { deadIn, successorsIn } from '../preflight/intent.js';
import { warning } from '../preflight/check.js';
import { conditionsByGroup } from '../preflight/tables/group-conditions.js';
import { immovable } from '../preflight/tables/table-checks.js';
import { inDoubtChecks } from './in-doubt.js';
import { readLoss } from './facts.js';
import { successionFacts, type SuccessionFacts } from './succession/facts.js';

/** Seconds that the sizes of shards may take to read: dead nodes tell none. */
const sizesSeconds = 5;

/** The plan of a rescue. */
export interface RescuePlan extends Draft {
  /** The dead workers that are still registered. */
  dead: DeadNode[];
  /** Groups of the dead that Patroni runs: it lets go of them before anything is given up. */
  groups?: PatroniGroup[];
  /** The server that takes the place of the dead one, or has taken it in an earlier attempt. */
  succession?: Succession;
}

/** What the cluster looks like, as far as the ladder needs it. */
interface Scene {
  nodes: ClusterNode[];
  dead: ClusterNode[];
  groups: ShardGroup[];
  lost: LostShard[];
  /** Workers that may get what is made anew. */
  targets: ClusterNode[];
  coordinator: ClusterNode | undefined;
  isSuperuser: boolean;
}

/**
 * Plans how dead workers get out: which ways there are, what would be lost, and where lost shards are made anew. A rescue
 * that was interrupted after the loss is planned on from there.
 */
export async function rescuePlan(
  db: Db,
  cluster: ClusterConfig,
  request: OperationRequest<'emergencyRemoveWorker'>,
  sample: Sample | undefined,
): Promise<RescuePlan> {
  const scene = await readScene(db, request);
  const { dead, lost, nodes, groups } = scene;
  const names = dead.map(({ node }) => node);
  const sampled = dead.map((each) => sampleOf(sample, each));
  const loss = await readLoss(
    db,
    cluster.name,
    names,
    dead.map(({ groupId }) => groupId),
    lost,
    sampled,
  );
  const sentence = request.input.acceptDataLoss;
  const accepted = loss !== undefined && sentence !== undefined && acceptsLoss(sentence, loss);
  const right = rightLacking(scene);
  const successors = await successionFacts(db, cluster, { request, nodes, dead, right, sampled });
  const rungs =
    dead.length === 0
      ? []
      : rungsOf(factsOf(scene, successors), { acceptsLoss: accepted, named: namedRung(request) });
  const chosen = chosenRung(rungs);
  const succession =
    successionOf(dead, chosen) ?? earlierSuccession(nodes, request.input.node, successorsIn(request.input));
  const remakes = (chosen !== undefined || dead.length === 0) && succession === undefined;
  const { moves, checks } = remakes ? await rebuilding(db, scene) : { moves: [], checks: [] };
  const draft = await draftOf(cluster, request, {
    moded: { ...noMoves, moves, checks },
    groups,
    nodes,
    nodesAfter: succession
      ? nodes.map((each) => (each.nodeId === succession.nodeId ? { ...each, node: succession.to } : each))
      : nodes.filter(({ node }) => !names.includes(node)),
    removedWorkers: names,
    ...(succession && { newWorkers: [succession.to] }),
    lossHash: succession ? undefined : loss?.hash,
    whyNoMoves: lost.length > 0 ? 'nothing is made anew before the loss is accepted' : 'nothing is lost',
  });
  const patroni = await groupsOf(db, cluster, request, dead);
  return {
    ...draft,
    round: { ...draft.round, together: true },
    plan: { ...draft.plan, ...(rungs.length > 0 && { rungs }), ...(loss && !succession && { loss }) },
    checks: [
      ...draft.checks,
      // A successor finishes what its predecessor began.
      ...(succession ? [] : await inDoubtChecks(db, nodes, dead)),
      ...(chosen && chosen.id !== 'no-shards' ? successors.checks[chosen.id] : []),
    ],
    dead: dead.map(({ node, nodeId, groupId }) => ({ node, nodeId, groupId })),
    ...(patroni.length > 0 && { groups: patroni }),
    ...(succession && { succession }),
  };
}

/** The groups of dead workers, where Patroni registers them and nobody has said otherwise. */
async function groupsOf(
  db: Db,
  cluster: ClusterConfig,
  { input }: OperationRequest<'emergencyRemoveWorker'>,
  dead: readonly ClusterNode[],
): Promise<PatroniGroup[]> {
  if (input.acceptChecks?.includes('patroni') === true) return [];
  const groups = await Promise.all(dead.map(({ groupId }) => groupOf(db, cluster, groupId)));
  return groups.filter((group) => group !== undefined);
}

function namedRung({ input }: OperationRequest<'emergencyRemoveWorker'>): RungId | undefined {
  if (input.standby !== undefined) return 'standby';
  return input.restored === undefined ? undefined : 'restored';
}

function successionOf(dead: readonly ClusterNode[], chosen: Rung | undefined): Succession | undefined {
  const [only] = dead;
  if (!only || chosen?.server === undefined) return undefined;
  return { nodeId: only.nodeId, groupId: only.groupId, from: only.node, to: chosen.server };
}

async function readScene(db: Db, { input }: OperationRequest<'emergencyRemoveWorker'>): Promise<Scene> {
  const nodes = await readNodes(db);
  const named = deadIn(input);
  const dead = nodes.filter(({ role, node }) => role === 'worker' && named.includes(node.toLowerCase()));
  await giveUpSilentNodesSoon(db);
  const { groups } = await readShardGroupsWithin(db, sizesSeconds);
  const others = activeWorkers(nodes).filter((worker) => !dead.includes(worker) && !isIsolated(worker));
  return {
    nodes,
    dead,
    groups,
    lost: await readLostShards(
      db,
      dead.map(({ groupId }) => groupId),
    ),
    targets: others.filter(({ shouldHaveShards }) => shouldHaveShards),
    coordinator: nodes.find(({ role }) => role === 'coordinator'),
    isSuperuser: (await readRights(db)).superuser,
  };
}

function rightLacking({ isSuperuser }: Scene): string | undefined {
  return isSuperuser
    ? undefined
    : 'it takes a superuser to change the placements that Citus keeps: name one in the config (coordinator.user) for this';
}

function factsOf(scene: Scene, { standby, restored, better }: SuccessionFacts): RungFacts {
  const { dead, lost, targets, coordinator } = scene;
  const names = dead.map(({ node }) => node).join(', ');
  const holds = `${names} ${dead.length === 1 ? 'holds' : 'hold'}`;
  const tables = new Set(lost.map(({ table }) => table));
  const only = `${holds} the only copy of ${count(lost.length, 'shard')} of ${count(tables.size, 'table')}`;
  const right = rightLacking(scene);
  const lacks =
    right ??
    better ??
    (coordinator === undefined
      ? 'the coordinator is not in pg_dist_node: SELECT citus_set_coordinator_host(host, port) first'
      : targets.length === 0
        ? 'no other worker may hold shards: add one first'
        : undefined);
  return {
    'no-shards':
      lost.length > 0
        ? { possible: false, why: only }
        : right === undefined
          ? { possible: true, why: `${holds} nothing that isn't elsewhere too` }
          : { possible: false, why: right },
    standby,
    restored,
    'give-up-data':
      lost.length === 0
        ? { possible: false, why: 'there is nothing to give up' }
        : lacks === undefined
          ? { possible: true, why: `${only}; they are made anew, empty, on the other workers` }
          : { possible: false, why: lacks },
  };
}

/**
 * The moves that make lost shards anew: from the coordinator, where empty tables stand for them. With writes blocked, which
 * is quicker, unless foreign keys between tables of different owners are made online only.
 */
async function rebuilding(db: Db, scene: Scene): Promise<{ moves: GroupMove[]; checks: Check[] }> {
  const { groups, lost, targets, coordinator } = scene;
  if (!coordinator) return { moves: [], checks: [] };
  // An earlier rescue may have been given up in between.
  const shards = new Set([...lost.map(({ shardId }) => shardId), ...(await readStandIns(db))]);
  const own = groups.filter(({ shardIds }) => shardIds.some((id) => shards.has(id)));
  const held = (groupId: number): number =>
    groups.reduce((sum, group) => sum + (group.groupId === groupId ? group.shardIds.length : 0), 0);
  const { findings } = await findConditions(db, []);
  const conditionsOf = conditionsByGroup(findings);
  const stuck = new Set<Finding>();
  const modeFor = (group: ShardGroup): MoveMode => {
    const conditions = conditionsOf(group);
    const works = new Set(conditions.map(({ condition }) => conditionOf(condition).works));
    const isStuck = works.has('none') || (works.has('logical') && works.has('blocking'));
    if (isStuck) for (const each of conditions) stuck.add(each);
    return works.has('logical') && !isStuck ? 'logical' : 'blocking';
  };
  const moves = spread(
    own,
    targets.map(({ node, groupId }) => ({ node, shards: held(groupId) })),
  ).map(({ group, to }) => ({ group, from: coordinator.node, to, bytes: 0, mode: modeFor(group) }));
  return { moves, checks: stuck.size > 0 ? [mendedLater([...stuck])] : [] };
}

/** While the worker is dead nothing about a table with a shard on it can be changed: that is possible once it is out. */
function mendedLater(findings: readonly Finding[]): Check {
  const { evidence, remedy } = immovable(findings);
  return warning(
    'movable-tables',
    `${evidence}. Their lost shards can't be made anew as they are: the operation stops there and waits for you`,
    `once the worker is out, and not before: ${remedy?.text ?? ''}`,
  );
}
