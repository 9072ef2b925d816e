import { addressOf } from '../../text/address.js';
import { literal } from '../session/quote.js';
import { usesWrapper, wrapperSchema } from '../roles/wrappers.js';
import type { Db } from '../session/db.js';
import { giveUpSilentNodesSoon, readNodeAway, type NodeAway } from './node-answers.js';
import { isIsolated, readNodes, type ClusterNode } from './nodes.js';

/**
 * Says of a worker whether it gets the metadata. Each may be called again; a start takes the worker's answer, a stop doesn't
 * (measured, docs/citus.md).
 */
export async function setMetadataSync(db: Db, node: string, on: boolean): Promise<void> {
  await (on ? startMetadataSync : stopMetadataSync)(db, node);
}

/**
 * Tells all nodes at once what Citus's daemon has yet to tell them. One alone can't be told: Citus refuses that while others are
 * out of sync (measured, docs/citus.md).
 */
export async function syncAll(db: Db): Promise<void> {
  await db.query('SELECT start_metadata_sync_to_all_nodes()');
}

/** Another node that has the metadata, and can't be told of the change. */
export async function readUntold(db: Db, node: string): Promise<NodeAway | undefined> {
  const has = ({ active, role, hasMetadata }: ClusterNode): boolean =>
    active && role === 'worker' && hasMetadata;
  return readNodeAway(db, others(await readNodes(db), node, has));
}

/** The statement that takes a dead worker off those that get the metadata, and tells no other node; for superusers. */
export function untoldStop(node: string): string {
  const { host, port } = addressOf(node);
  return `UPDATE pg_catalog.pg_dist_node SET hasmetadata = false, metadatasynced = false WHERE nodename = ${literal(host)} AND nodeport = ${port}`;
}

/** A worker that answers loses its copy of the metadata by it; one that doesn't keeps an old one. */
async function stopMetadataSync(db: Db, node: string): Promise<void> {
  // It tries to take the copy away: of a server that is frozen that takes 30 s by default.
  await giveUpSilentNodesSoon(db);
  try {
    await call(db, node, 'stop_sync', 'stop_metadata_sync_to_node');
  } catch (error) {
    // Citus tells every node that has the metadata: with two dead workers it can stop the sync to neither of them.
    if (!(await readUntold(db, node))) throw error;
    await db.query(untoldStop(node));
    return;
  }
  // The others haven't heard of those that were stopped while another was dead: stopping these once more tells them.
  for (const each of others(await readNodes(db), node, isIsolated))
    if (await readNodeAway(db, [each])) await call(db, each, 'stop_sync', 'stop_metadata_sync_to_node');
}

function others(nodes: ClusterNode[], node: string, which: (node: ClusterNode) => boolean): string[] {
  return nodes
    .filter((each) => which(each) && each.node.toLowerCase() !== node.toLowerCase())
    .map((each) => each.node);
}

async function startMetadataSync(db: Db, node: string): Promise<void> {
  await call(db, node, 'start_sync', 'start_metadata_sync_to_node');
}

async function call(
  db: Db,
  node: string,
  wrapper: 'stop_sync' | 'start_sync',
  citusName: string,
): Promise<void> {
  const { host, port } = addressOf(node);
  const name = (await usesWrapper(db, wrapper)) ? `${wrapperSchema}.${wrapper}` : citusName;
  await db.query(`select ${name}($1, $2)`, [host, port]);
}
