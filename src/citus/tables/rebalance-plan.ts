import { addressOf } from '../../text/address.js';
import type { Db } from '../session/connect.js';
import { isIsolated, readNodes } from '../nodes/nodes.js';
import { addressSql } from '../session/address-sql.js';
import { usesWrapper, wrapperSchema } from '../roles/wrappers.js';

/** A table shard that Citus's planner would move; the rows of a shard group come as one each. */
export interface PlannedShard {
  shardId: number;
  /** `host:port` */
  from: string;
  to: string;
}

/** The circumstances of a plan; everything by Citus's default strategy when nothing is said. */
export interface PlanWishes {
  /** Servers counted as workers already. They need not exist. */
  withNodes?: string[];
  /** Nodes, spelt as registered, that count as ones that should hold no shards. */
  leaving?: string[];
  strategy?: string | undefined;
  threshold?: number | undefined;
  /** Only what lies on nodes that should hold no shards, of whoever marked them. */
  drainOnly?: boolean | undefined;
}

/**
 * Citus's own plan, as it would be under these circumstances: they are made in a transaction that is rolled back. Isolated
 * workers count as not there, since Citus would plan moves to them, and asks even dead ones for the sizes of shards. For
 * servers that are yet to come rows are inserted and the planner contacts nobody; nodes that leave are marked by
 * Citus's own function (both measured on 13.2).
 */
export async function readRebalancePlan(db: Db, wishes: PlanWishes): Promise<PlannedShard[]> {
  const { withNodes = [], leaving = [], strategy = null, threshold = null, drainOnly = false } = wishes;
  if (withNodes.length > 0 && (await usesWrapper(db, 'plan_with_workers')))
    return readWrappedPlan(db, 'plan_with_workers', withNodes, [strategy]);
  if (leaving.length > 0 && (await usesWrapper(db, 'plan_drain')))
    return readWrappedPlan(db, 'plan_drain', leaving, []);
  const isolated = (await readNodes(db)).filter(isIsolated);
  await db.query('begin');
  try {
    for (const { node, shouldHaveShards } of isolated)
      if (shouldHaveShards) await setShouldHaveShards(db, node, false);
    for (const node of withNodes) await pretendNode(db, node);
    for (const node of leaving) await setShouldHaveShards(db, node, false);
    return await db.query<PlannedShard>(
      `select shardid::int8::float8 as "shardId", ${addressSql('', 'sourcename', 'sourceport')} as from, ${addressSql('', 'targetname', 'targetport')} as to
         from get_rebalance_table_shards_plan(rebalance_strategy := $1::name, threshold := $2::float4, drain_only := $3,
              excluded_shard_list := array(select shardid from pg_dist_placement where groupid = any ($4::int[])))`,
      [strategy, threshold, drainOnly, isolated.map(({ groupId }) => groupId)],
    );
  } finally {
    await db.query('rollback');
  }
}

/** Marks a node, spelt as registered, as one that should hold shards, or not. Moves nothing. */
export async function setShouldHaveShards(db: Db, node: string, value: boolean): Promise<void> {
  const { host, port } = addressOf(node);
  // Citus updates pg_dist_node on every node: whoever may do that itself can send a node's traffic elsewhere.
  if (await usesWrapper(db, 'mark_node'))
    await db.query(`select ${wrapperSchema}.mark_node($1, $2, $3)`, [host, port, value]);
  else await db.query(`select citus_set_node_property($1, $2, 'shouldhaveshards', $3)`, [host, port, value]);
}

/** Reads the plan through a wrapper, for a role that may not write to `pg_dist_node`, and shouldn't. */
async function readWrappedPlan(
  db: Db,
  wrapper: 'plan_with_workers' | 'plan_drain',
  nodes: string[],
  more: unknown[],
): Promise<PlannedShard[]> {
  const addresses = nodes.map(addressOf);
  const last = more.length > 0 ? ', $3::name' : '';
  return db.query<PlannedShard>(
    `select shardid::int8::float8 as "shardId", source as from, target as to
       from ${wrapperSchema}.${wrapper}($1::text[], $2::int[]${last})`,
    [addresses.map(({ host }) => host), addresses.map(({ port }) => port), ...more],
  );
}

/** Inserts a planned node, with ids of its own: the rolled-back rows use up nothing of Citus's sequences. */
async function pretendNode(db: Db, node: string): Promise<void> {
  const { host, port } = addressOf(node);
  const rows = await db.query<{ nodeid: number }>(
    `update pg_dist_node set isactive = true, shouldhaveshards = true
      where lower(nodename) = lower($1) and nodeport = $2 returning nodeid`,
    [host, port],
  );
  if (rows.length > 0) return;
  await db.query(
    `insert into pg_dist_node (nodeid, groupid, nodename, nodeport, isactive, shouldhaveshards)
     select max(nodeid) + 1, max(groupid) + 1, $1, $2, true, true from pg_dist_node`,
    [host, port],
  );
}
