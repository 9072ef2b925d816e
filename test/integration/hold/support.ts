import pg from 'pg';
import type { SandboxCluster, SandboxNode } from '../../../sandbox/index.js';
import { undoActivities } from '../../../src/activities/undo/activities.js';
import type { UndoResult } from '../../../src/activities/undo/undo-entry.js';
import { sessionOver, type Db } from '../../../src/citus/session/db.js';
import type { HoldEntry } from '../../../src/contract/internal/undo.js';
import { asActivity } from '../../support/activity-stage.js';
import { configOf } from '../connect/support.js';

/** `application_name` of the sessions of a hold. */
export const session = 'citus-scaler:000000000000:hold';

/** Sessions that tests leave open, ended all at once. */
export class OpenSessions {
  #clients: pg.Client[] = [];

  /** One of a client of the database. */
  async connect(node: SandboxNode, applicationName = 'a test'): Promise<pg.Client> {
    const client = new pg.Client({ ...node.login, application_name: applicationName });
    client.on('error', () => undefined);
    await client.connect();
    this.#clients.push(client);
    return client;
  }

  /** One of a worker of ours that was killed: nobody reads its answers any more. */
  async left(node: SandboxNode): Promise<Db & { client: pg.Client }> {
    const client = await this.connect(node, session);
    await client.query('set search_path = pg_catalog');
    return { ...sessionOver(client, node.address, 0), client };
  }

  async end(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.end().catch(() => undefined)));
  }
}

/** Undoes a hold as the lock keeper does. */
export async function undoHold(cluster: SandboxCluster, entry: HoldEntry): Promise<UndoResult | undefined> {
  const order = { cluster: 'demo', lockId: 'lock', entries: [entry], since: Date.now() };
  const [result] = await asActivity({ clusters: [configOf(cluster)] }, (context) =>
    undoActivities(context).undo(order),
  );
  return result;
}
