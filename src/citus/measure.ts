import type { Db } from './db.js';

export interface StrategyMeasure {
  name: string;
  /** Bytes that `by_disk_size` adds to each shard group; `citus.rebalancer_by_disk_size_base_cost`, 100 MB by default. */
  baseCost: number;
}

/** How Citus's default rebalance strategy weighs shard groups. */
export async function readMeasure(db: Db): Promise<StrategyMeasure> {
  const [row] = await db.query<StrategyMeasure>(
    `select name::text,
            coalesce(pg_size_bytes(current_setting('citus.rebalancer_by_disk_size_base_cost', true)), 100 * 1024 * 1024)::float8 as "baseCost"
       from pg_dist_rebalance_strategy where default_strategy`,
  );
  return row ?? { name: 'by_shard_count', baseCost: 0 };
}
