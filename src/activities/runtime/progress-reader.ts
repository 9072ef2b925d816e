import { withCoordinator, type Db } from '../../citus/session/connect.js';
import { findBackend, type MoveProgress } from '../../citus/moving/moves.js';
import type { ClusterConfig } from '../../config/index.js';

/** Seconds for one answer. */
const deadlineSeconds = 4;

/**
 * Reads what Citus tells of progress, best effort. It asks the nodes, and while one is frozen it may hang in a way that
 * no time-out of the server ends: so on a connection of its own, which is dropped, and not while an earlier question
 * still hangs.
 */
export async function readPatiently(
  cluster: ClusterConfig,
  applicationName: string,
  read: (db: Db) => Promise<MoveProgress | undefined>,
): Promise<MoveProgress | undefined> {
  const options = {
    applicationName,
    statementTimeoutSeconds: deadlineSeconds,
    signal: AbortSignal.timeout((deadlineSeconds + 0.5) * 1_000),
  };
  try {
    return await withCoordinator(cluster, options, async (db) =>
      (await findBackend(db, applicationName)) === undefined ? read(db) : undefined,
    );
  } catch {
    return undefined;
  }
}
