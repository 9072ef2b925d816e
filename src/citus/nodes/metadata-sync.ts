import { addressOf } from '../../text/address.js';
import { usesWrapper, wrapperSchema } from '../roles/wrappers.js';
import type { Db } from '../session/db.js';
import { giveUpSilentNodesSoon } from './node-answers.js';

/**
 * Says of a worker whether it gets the metadata. Each may be called again; a start takes the worker's answer, a stop doesn't
 * (measured, docs/citus.md).
 */
export async function setMetadataSync(db: Db, node: string, on: boolean): Promise<void> {
  await (on ? startMetadataSync : stopMetadataSync)(db, node);
}

/** A worker that answers loses its copy of the metadata by it; one that doesn't keeps an old one. */
async function stopMetadataSync(db: Db, node: string): Promise<void> {
  // It tries to take the copy away: of a server that is frozen that takes 30 s by default.
  await giveUpSilentNodesSoon(db);
  await call(db, node, 'stop_sync', 'stop_metadata_sync_to_node');
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
