import type { Client } from '@temporalio/client';
import { readNodeSetting } from '../../citus/nodes/node-settings.js';
import { findNode, readNodes } from '../../citus/nodes/nodes.js';
import { readRegistration } from '../../citus/nodes/registration.js';
import type { Db } from '../../citus/session/connect.js';
import type { LockResult } from '../../contract/internal/lock.js';
import type { HandedOver, UndoEntry } from '../../contract/internal/undo.js';

/** Lock keepers of a cluster that are looked into, the newest first: what an older one handed over was told long ago. */
const maxKeepers = 20;

/**
 * Reads what operations and lock keepers could not undo, as far as Temporal still has them, and leaves out what has been
 * put right since. Best effort: who can't be asked tells nothing.
 *
 * @param db a session on the coordinator
 */
export async function readHandedOver(client: Client, lockId: string, db: Db): Promise<HandedOver[]> {
  const items = new Map<string, HandedOver>();
  try {
    let looks = 0;
    const query = `WorkflowId = '${lockId}' AND ExecutionStatus = 'Completed'`;
    for await (const { workflowId, runId } of client.workflow.list({ query })) {
      const { handedOver } = await client.workflow
        .getHandle<() => Promise<LockResult>>(workflowId, runId)
        .result();
      for (const each of handedOver) if (!items.has(each.entry.id)) items.set(each.entry.id, each);
      looks += 1;
      if (looks >= maxKeepers) break;
    }
  } catch {
    return [];
  }
  const open: HandedOver[] = [];
  for (const each of items.values()) if (await isStillOpen(db, each.entry)) open.push(each);
  return open;
}

async function isStillOpen(db: Db, entry: UndoEntry): Promise<boolean> {
  switch (entry.kind) {
    case 'setting': {
      const [setting] = await readNodeSetting(db, [entry.node], entry.name);
      return (
        !setting ||
        'error' in setting ||
        (setting.server === entry.server && setting.ownerValue === entry.during)
      );
    }
    case 'node-mark': {
      const row = findNode(await readNodes(db), entry);
      return row !== undefined && row.shouldHaveShards === entry.during;
    }
    case 'registration': {
      const row = await readRegistration(db, entry.node);
      return row !== undefined && row.groupId === entry.groupId && row.active;
    }
    case 'metadata-sync': {
      const row = await readRegistration(db, entry.node);
      return row !== undefined && row.groupId === entry.groupId && row.hasMetadata === entry.during;
    }
    case 'machine':
      // Only its program could tell, and looking runs no programs.
      return true;
    case 'hold':
      // Whether a server was stopped for good nobody here can tell.
      return true;
  }
}
