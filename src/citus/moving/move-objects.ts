import { runOnNodes } from '../nodes/node-settings.js';
import type { Db } from '../session/db.js';
import { literal } from '../session/quote.js';

/** The subscriptions and replication slots of a move, by name. */
export interface MoveObjects {
  subscriptions: string[];
  slots: string[];
}

/**
 * Reads how the subscriptions and slots of a running move are called: Citus notes them in `pg_dist_cleanup` under a number
 * that it takes anew for each move. Without shards those of everything that runs, as for a copy of reference tables.
 */
export async function readMoveObjects(db: Db, shardIds: number[] | undefined): Promise<MoveObjects> {
  const rows = await db.query<{ name: string }>(
    `select object_name as name from pg_dist_cleanup
      where object_name ~ '^citus_shard_move_(subscription|slot)_[0-9]'
        and ($1::text[] is null or operation_id = (
          select max(operation_id) from pg_dist_cleanup where substring(object_name from '_([0-9]+)"?$') = any($1::text[])
             and object_name !~ '^citus_shard_'))`,
    [shardIds?.map(String) ?? null],
  );
  const names = rows.map(({ name }) => name);
  return {
    subscriptions: names.filter((name) => name.startsWith('citus_shard_move_subscription_')),
    slots: names.filter((name) => name.startsWith('citus_shard_move_slot_')),
  };
}

/** A subscription whose apply worker fails, and how often it has failed. */
export interface FailingApply {
  node: string;
  errors: number;
}

/** Reads how often applying has failed for these subscriptions. PostgreSQL 14 doesn't count it. */
export async function readApplyErrors(
  db: Db,
  nodes: string[],
  subscriptions: string[],
): Promise<FailingApply[]> {
  if (subscriptions.length === 0) return [];
  const command = `select coalesce(sum(apply_error_count + sync_error_count), 0)::text
      from pg_stat_subscription_stats where subname in (${subscriptions.map(literal).join(', ')})`;
  const answers = await runOnNodes(
    db,
    nodes.map((node) => ({ node, command })),
  );
  return answers.flatMap(({ node, success, result }) => {
    const errors = success ? Number(result) : 0;
    return errors > 0 ? [{ node, errors }] : [];
  });
}

/**
 * Reads what about the shards on a node makes applying fail, or fire what it should not: row security that is forced on
 * the role that applies, too, and triggers that fire for what is replicated. No row and no definition.
 */
export async function readApplyHindrances(db: Db, node: string, shardIds: number[]): Promise<string[]> {
  const shards = `c.relname ~ '_(${shardIds.map(Number).join('|')})$' and c.relkind in ('r', 'p')`;
  const command = `select coalesce(json_agg(line order by line), '[]')::text from (
      select 'row security is forced on ' || c.relname from pg_class c where ${shards} and c.relrowsecurity and c.relforcerowsecurity
      union all
      select 'trigger ' || t.tgname || ' of ' || c.relname || ' fires there too (ENABLE ' || case t.tgenabled when 'A' then 'ALWAYS' else 'REPLICA' end || ')'
        from pg_class c join pg_trigger t on t.tgrelid = c.oid where ${shards} and t.tgenabled in ('A', 'R') and not t.tgisinternal
      limit 10) h(line)`;
  const [answer] = await runOnNodes(db, [{ node, command }]);
  return answer?.success ? (JSON.parse(answer.result) as string[]) : [];
}

/** A replication slot that can't be read from any more. */
export interface LostSlot {
  node: string;
  /** In PostgreSQL's words: `wal_removed`, `idle_timeout`, …; null before PostgreSQL 17. */
  reason: string | null;
  /** `max_slot_wal_keep_size` there, as SHOW tells it. */
  keeps: string;
}

/** Reads which of these slots are lost. */
export async function readLostSlots(db: Db, nodes: string[], slots: string[]): Promise<LostSlot[]> {
  if (slots.length === 0) return [];
  const command = `select coalesce(json_agg(json_build_object('keeps', current_setting('max_slot_wal_keep_size'),
      'reason', to_jsonb(s)->>'invalidation_reason')), '[]')::text
      from pg_replication_slots s where slot_name in (${slots.map(literal).join(', ')}) and wal_status = 'lost'`;
  const answers = await runOnNodes(
    db,
    nodes.map((node) => ({ node, command })),
  );
  return answers.flatMap(({ node, success, result }) =>
    success ? (JSON.parse(result) as Omit<LostSlot, 'node'>[]).map((slot) => ({ node, ...slot })) : [],
  );
}
