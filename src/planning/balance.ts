import type { Balance, WorkerLoad } from '../contract/index.js';

/** A node, as far as balance needs it: a row of `pg_dist_node`, or a machine that is yet to come. */
export interface BalanceNode {
  groupId: number;
  node: string;
  role: 'coordinator' | 'worker' | 'secondary';
  active: boolean;
  shouldHaveShards: boolean;
  /** False for a worker that is isolated. */
  hasMetadata?: boolean;
  planned?: boolean;
}

/** The placement of a shard group on one node group. */
export interface BalanceGroup {
  groupId: number;
  shardIds: readonly number[];
  /** bytes of all its shards */
  bytes: number;
  movable: boolean;
}

/**
 * The spread of the movable shards over the workers. Standbys are left out (their group's primary stands for them),
 * and so is a coordinator that neither holds nor should hold movable shards. Workers are in the order of `nodes`.
 *
 * @param nodesAfter the nodes as a plan is going to leave them: the skew counts who takes part then, too, so that
 *   workers that join aren't told as a loss
 */
export function balanceOf(
  groups: readonly BalanceGroup[],
  nodes: readonly BalanceNode[],
  nodesAfter: readonly BalanceNode[] = [],
): Balance {
  const loads = new Map<number, { shards: number; bytes: number }>();
  let pinnedShards = 0;
  for (const group of groups) {
    if (!group.movable) {
      pinnedShards += group.shardIds.length;
      continue;
    }
    const load = loads.get(group.groupId) ?? { shards: 0, bytes: 0 };
    loads.set(group.groupId, {
      shards: load.shards + group.shardIds.length,
      bytes: load.bytes + group.bytes,
    });
  }
  const workersOf = (all: readonly BalanceNode[]): WorkerLoad[] =>
    all
      .filter(
        (node) =>
          node.role === 'worker' ||
          (node.role === 'coordinator' && (node.shouldHaveShards || loads.has(node.groupId))),
      )
      .map((node) => ({
        node: node.node,
        ...(loads.get(node.groupId) ?? { shards: 0, bytes: 0 }),
        shouldHaveShards: node.shouldHaveShards,
        state: stateOf(node),
      }));
  const workers = workersOf(nodes);
  const movableShards = [...loads.values()].reduce((sum, load) => sum + load.shards, 0);
  return { workers, skew: skewOf([...workers, ...workersOf(nodesAfter)]), movableShards, pinnedShards };
}

/** A balance of shards of which no size could be read. */
export function withoutSizes(balance: Balance): Balance {
  return { ...balance, sizesUnknown: true };
}

function stateOf({ role, active, hasMetadata, planned }: BalanceNode): WorkerLoad['state'] {
  if (planned) return 'planned';
  if (!active) return 'inactive';
  return role === 'worker' && hasMetadata === false ? 'isolated' : 'active';
}

/** Largest over mean bytes of the workers that may hold shards and aren't isolated; 1 is even, 0 when there is no data. */
function skewOf(workers: readonly WorkerLoad[]): number {
  const parts = workers.filter(({ shouldHaveShards, state }) => shouldHaveShards && state !== 'isolated');
  const bytes = [...new Map(parts.map((worker) => [worker.node, worker.bytes])).values()];
  const total = bytes.reduce((sum, each) => sum + each, 0);
  return total === 0 ? 0 : Math.max(...bytes) / (total / bytes.length);
}
