import { addressOf } from '../../text/address.js';
import type { Db } from '../session/connect.js';
import { usesWrapper, wrapperSchema } from '../roles/wrappers.js';

/** The row of a node in `pg_dist_node`, as far as registering needs it. */
export interface Registration {
  nodeId: number;
  groupId: number;
  role: string;
  active: boolean;
  shouldHaveShards: boolean;
  hasMetadata: boolean;
}

/** The row of pg_dist_node for a `host:port`, if there is one. Host names are compared without case. */
export async function readRegistration(db: Db, node: string): Promise<Registration | undefined> {
  const { host, port } = addressOf(node);
  const [row] = await db.query<Registration>(
    `select nodeid as "nodeId", groupid as "groupId", noderole::text as role, isactive as active,
            shouldhaveshards as "shouldHaveShards", hasmetadata as "hasMetadata"
       from pg_dist_node where lower(nodename) = lower($1) and nodeport = $2`,
    [host, port],
  );
  return row;
}

/** Whether `pg_dist_node` has a row for this `host:port`. */
export async function isRegistered(db: Db, node: string): Promise<boolean> {
  return (await readRegistration(db, node)) !== undefined;
}

/** Takes the number of a node group that no node has and none will get. */
export async function takeGroup(db: Db): Promise<number> {
  const expression = (await usesWrapper(db, 'take_group'))
    ? `${wrapperSchema}.take_group()`
    : `nextval('pg_dist_groupid_seq')::int`;
  const [row] = await db.query<{ id: number }>(`select ${expression} as id`);
  if (!row) throw new Error('the server answered nothing');
  return row.id;
}

/**
 * Registers a worker in a group of its own. Idempotent in Citus: where there is a row for the address it stays as it
 * is, an inactive one inactive, and its group is another (measured, docs/citus.md).
 */
export async function addNode(db: Db, node: string, groupId: number): Promise<void> {
  const { host, port } = addressOf(node);
  const add = (await usesWrapper(db, 'add_node')) ? `${wrapperSchema}.add_node` : 'citus_add_node';
  await db.query(`select ${add}($1, $2, $3)`, [host, port, groupId]);
}

/** Makes a registered, inactive worker an active one, and gives it the metadata. */
export async function activateNode(db: Db, node: string): Promise<void> {
  const { host, port } = addressOf(node);
  const activate = (await usesWrapper(db, 'activate_node'))
    ? `${wrapperSchema}.activate_node`
    : 'citus_activate_node';
  await db.query(`select ${activate}($1, $2)`, [host, port]);
}

/** Makes an active worker an inactive one without the metadata, as one is that was only added inactive. */
export async function deactivateNode(db: Db, node: string): Promise<void> {
  const { host, port } = addressOf(node);
  if (await usesWrapper(db, 'deactivate_node'))
    await db.query(`select ${wrapperSchema}.deactivate_node($1, $2)`, [host, port]);
  else
    await together(db, [
      ['select stop_metadata_sync_to_node($1, $2)', [host, port]],
      ['select citus_disable_node($1, $2, true)', [host, port]],
    ]);
}

/** Whether a node group lacks a reference table. Citus moves shards there all the same, and joins with it fail then. */
export async function lacksReferenceTables(db: Db, groupId: number): Promise<boolean> {
  const [row] = await db.query<{ lacks: boolean }>(
    `select exists (select from pg_dist_partition t join pg_dist_shard s using (logicalrelid)
                     where t.partmethod = 'n' and t.repmodel = 't' and not exists
                           (select from pg_dist_placement p where p.shardid = s.shardid and p.groupid = $1)) as lacks`,
    [groupId],
  );
  return row?.lacks ?? false;
}

/**
 * Counts the placements of distributed tables in a node group. Reference tables go with the node; Citus local tables
 * never leave the coordinator.
 */
export async function countShards(db: Db, groupId: number): Promise<number> {
  const [row] = await db.query<{ n: number }>(
    `select count(*)::int as n from pg_dist_placement p join pg_dist_shard s using (shardid)
       join pg_dist_partition t using (logicalrelid)
      where p.groupid = $1 and not (t.partmethod = 'n' and (t.repmodel = 't' or t.colocationid = 0))`,
    [groupId],
  );
  return row?.n ?? 0;
}

/** Runs what Citus put off for later (dropping moved shards), and says how much of it still names this node. */
export async function cleanUpDeferred(db: Db, groupId: number): Promise<number> {
  await db.query('call citus_cleanup_orphaned_resources()');
  const [row] = await db.query<{ n: number }>(
    'select count(*)::int as n from pg_dist_cleanup where node_group_id = $1',
    [groupId],
  );
  return row?.n ?? 0;
}

/**
 * Deregisters a node and takes its copy of the metadata away: without the latter whoever still connects to it
 * writes into the cluster (measured, docs/citus.md).
 */
export async function removeNode(db: Db, node: string): Promise<void> {
  const { host, port } = addressOf(node);
  if (await usesWrapper(db, 'remove_node')) {
    await db.query(`select ${wrapperSchema}.remove_node($1, $2)`, [host, port]);
    return;
  }
  await together(db, [
    ['select stop_metadata_sync_to_node($1, $2)', [host, port]],
    ['select citus_remove_node($1, $2)', [host, port]],
  ]);
}

/** Removes the row of a standby. It has no copy of the metadata of its own. */
export async function removeRow(db: Db, node: string): Promise<void> {
  const { host, port } = addressOf(node);
  await db.query('select citus_remove_node($1, $2)', [host, port]);
}

/** Runs statements in one transaction. */
async function together(db: Db, statements: [text: string, params: unknown[]][]): Promise<void> {
  await db.query('begin');
  try {
    for (const [text, params] of statements) await db.query(text, params);
    await db.query('commit');
  } catch (error) {
    await db.query('rollback').catch(() => undefined);
    throw error;
  }
}
