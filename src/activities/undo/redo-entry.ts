import { markNodes } from '../../citus/nodes/marks.js';
import type { Db } from '../../citus/session/connect.js';
import type { ClusterConfig } from '../../config/index.js';
import type { UndoEntry } from '../../contract/internal/undo.js';
import { setMetadataSync } from '../../citus/nodes/metadata-sync.js';
import { startMachine } from '../machines/start-machine.js';
import { register } from '../nodes/registration.js';
import type { ActivityContext } from '../runtime/context.js';
import { lowerTemporary } from '../settings/temporary.js';

/** Does again what an entry of the ledger stands for. May be called any number of times. */
export async function redoEntry(
  context: ActivityContext,
  lockId: string,
  entry: UndoEntry,
  { cluster, db }: { cluster: ClusterConfig; db: Db },
): Promise<void> {
  switch (entry.kind) {
    case 'setting':
      await lowerTemporary(db, [entry]);
      return;
    case 'node-mark':
      await markNodes(db, [{ ...entry, value: entry.during }]);
      return;
    case 'registration':
      await register(db, entry);
      return;
    case 'metadata-sync':
      await setMetadataSync(db, entry.node, entry.during);
      return;
    case 'machine':
      await startMachine(context, cluster, lockId, entry);
      return;
    case 'hold':
    // Its activity looks how far it got, and goes on from there.
  }
}
