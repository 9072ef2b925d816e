import type { Db } from '../session/db.js';

/** A row of `pg_dist_rebalance_strategy`. */
export interface RebalanceStrategy {
  name: string;
  isDefault: boolean;
  /** The part of the mean by which a node's utilisation may differ. */
  threshold: number;
  minimumThreshold: number;
  /** A move must gain this part of the shard group's cost, or it isn't made. */
  improvementThreshold: number;
  /** As SQL calls them. */
  costFunction: string;
  capacityFunction: string;
  /** Bytes that `by_disk_size` adds to each shard group; `citus.rebalancer_by_disk_size_base_cost`, 100 MB by default. */
  baseCost: number;
}

/** Reads the rebalance strategies of the cluster. */
export async function readStrategies(db: Db): Promise<RebalanceStrategy[]> {
  return db.query<RebalanceStrategy>(
    `select name::text, default_strategy as "isDefault", default_threshold::float8 as threshold,
            minimum_threshold::float8 as "minimumThreshold",
            coalesce((to_jsonb(s)->>'improvement_threshold')::float8, 0) as "improvementThreshold",
            shard_cost_function::regproc::text as "costFunction", node_capacity_function::regproc::text as "capacityFunction",
            coalesce(pg_size_bytes(current_setting('citus.rebalancer_by_disk_size_base_cost', true)), 100 * 1024 * 1024)::float8 as "baseCost"
       from pg_dist_rebalance_strategy s order by name`,
  );
}

/** Asks the cost function of a strategy of the user's, by shard id; one shard of each group is asked for. */
export async function readShardCosts(
  db: Db,
  { costFunction }: RebalanceStrategy,
  shardIds: number[],
): Promise<Map<number, number>> {
  const rows = await db.query<{ id: number; cost: number }>(
    `select id::float8 as id, ${costFunction}(id)::float8 as cost from unnest($1::bigint[]) id`,
    [shardIds],
  );
  return new Map(rows.map(({ id, cost }) => [id, cost]));
}

/** Asks the capacity function of a strategy of the user's, by node id. */
export async function readNodeCapacities(
  db: Db,
  { capacityFunction }: RebalanceStrategy,
  nodeIds: number[],
): Promise<Map<number, number>> {
  const rows = await db.query<{ id: number; capacity: number }>(
    `select id, ${capacityFunction}(id)::float8 as capacity from unnest($1::int[]) id`,
    [nodeIds],
  );
  return new Map(rows.map(({ id, capacity }) => [id, capacity]));
}
