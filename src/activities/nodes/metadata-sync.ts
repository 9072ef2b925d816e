import { setMetadataSync } from '../../citus/nodes/metadata-sync.js';
import { readNodeAway } from '../../citus/nodes/node-answers.js';
import { readRegistration } from '../../citus/nodes/registration.js';
import type { Db } from '../../citus/session/connect.js';
import type { MetadataSyncEntry } from '../../contract/internal/undo.js';

/** Reads what stopping or starting the sync to a worker would change; undefined when it is so already, or the node is gone. */
export async function planSync(
  db: Db,
  { node, on }: { node: string; on: boolean },
): Promise<MetadataSyncEntry | undefined> {
  const row = await readRegistration(db, node);
  if (!row || row.hasMetadata === on) return undefined;
  const id = `metadata-sync ${node}`;
  return { id, kind: 'metadata-sync', node, groupId: row.groupId, before: !on, during: on };
}

/**
 * Gives a worker's metadata sync back, as it was. A worker that doesn't answer can't get the metadata: that is for a person,
 * at once, since waiting for it would keep the cluster from everyone.
 */
export async function giveBackSync(
  db: Db,
  { node, groupId, before }: MetadataSyncEntry,
  mayAct: () => Promise<void>,
): Promise<{ notes: string[]; handedOver?: string }> {
  const row = await readRegistration(db, node);
  if (row?.groupId !== groupId || row.hasMetadata === before) return { notes: [] };
  const away = before ? await readNodeAway(db, [node]) : undefined;
  if (away) return { notes: [], handedOver: `${node} doesn't answer: ${away.answer}` };
  await mayAct();
  await setMetadataSync(db, node, before);
  return { notes: [] };
}
