import type { Db } from './db.js';

/** A row of `pg_dist_rebalance_strategy`. */
export interface Strategy {
  name: string;
  isDefault: boolean;
  /** Fraction by which a node may differ from the mean before Citus plans a move. */
  defaultThreshold: number;
  minimumThreshold: number;
  /** Fraction that a move must gain. */
  improvementThreshold: number;
}

export async function readStrategies(db: Db): Promise<Strategy[]> {
  return db.query<Strategy>(`
    SELECT name::text AS name, default_strategy AS "isDefault", default_threshold::text::float8 AS "defaultThreshold",
           minimum_threshold::text::float8 AS "minimumThreshold", improvement_threshold::text::float8 AS "improvementThreshold"
    FROM pg_catalog.pg_dist_rebalance_strategy ORDER BY name`);
}
