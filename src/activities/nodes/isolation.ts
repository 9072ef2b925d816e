import { setTimeout as sleep } from 'node:timers/promises';
import { readUntold, setMetadataSync, untoldStop } from '../../citus/nodes/metadata-sync.js';
import { readNodeAway, type NodeAway } from '../../citus/nodes/node-answers.js';
import { readRegistration } from '../../citus/nodes/registration.js';
import { withCoordinator, type Db } from '../../citus/session/connect.js';
import { withAnswers } from '../../citus/session/lost-answer.js';
import { does } from '../../contract/index.js';
import type { MetadataSyncEntry } from '../../contract/internal/undo.js';
import { needsPerson, refused } from '../../failures.js';
import { assertHeld } from '../lock/assert-held.js';
import { changeSession, clusterIn, readSession, type ActivityContext } from '../runtime/context.js';
import { tellWaiting } from '../runtime/tell-waiting.js';
import { planSync } from './metadata-sync.js';

/** The activities of {@link isolationActivities}, as workflows call them. */
export type IsolationActivities = ReturnType<typeof isolationActivities>;

/** How often a worker is asked before its copy of the metadata is given up, and the milliseconds between. */
const looks = 3;
const lookMs = 1_500;

/** Activities that stop and start metadata sync to a worker. The undo ledger's activity takes both back. */
export function isolationActivities(context: ActivityContext) {
  return {
    /** Reads, under the lock, what is to be changed: nothing when it is so already. */
    planMetadataSync: async ({
      cluster,
      lockId,
      node,
      on,
    }: {
      cluster: string;
      lockId: string;
      node: string;
      on: boolean;
    }): Promise<MetadataSyncEntry | null> => {
      await assertHeld(context.client, lockId);
      return withCoordinator(
        clusterIn(context, cluster),
        readSession('metadata sync'),
        async (db) => (await planSync(db, { node, on })) ?? null,
      );
    },

    /**
     * Stops or starts metadata sync to a worker.
     *
     * @param alsoAlive whether a person has accepted that the worker answers
     * @throws PlanChanged when a worker that was to be isolated answers by now
     */
    changeMetadataSync: ({
      cluster: name,
      lockId,
      entry: { node, during },
      alsoAlive,
    }: {
      cluster: string;
      lockId: string;
      entry: MetadataSyncEntry;
      alsoAlive: boolean;
    }): Promise<void> => {
      const cluster = clusterIn(context, name);
      // Without a time-out: a change of metadata that is ended in the middle could hang in ROLLBACK PREPARED.
      const options = changeSession('sync', { statementTimeoutSeconds: 0 });
      return tellWaiting(context, cluster, [], () =>
        withAnswers(cluster, options, async (db) => {
          const row = await readRegistration(db, node);
          if (!row || row.hasMetadata === during) return;
          if (!during && !alsoAlive && !(await staysAway(db, node))) throw answersAgain(name, node);
          await assertHeld(context.client, lockId);
          await setMetadataSync(db, node, during).catch(async (error: unknown) => {
            throw (await untoldFailure(db, { node, during })) ?? error;
          });
        }),
      );
    },
  };
}

/** A worker that misses one question may be busy; isolated it would lose its copy of the metadata. */
async function staysAway(db: Db, node: string): Promise<NodeAway | undefined> {
  for (let look = 1; ; look += 1) {
    const away = await readNodeAway(db, [node]);
    if (!away || look === looks) return away;
    await sleep(lookMs);
  }
}

/** Why another dead worker hinders the change, when it does: nobody but a person can go on then. */
async function untoldFailure(
  db: Db,
  { node, during }: Pick<MetadataSyncEntry, 'node' | 'during'>,
): Promise<Error | undefined> {
  const other = await readUntold(db, node).catch(() => undefined);
  if (!other) return undefined;
  const remedy = during
    ? does('retry', `start ${other.node}, or isolate it once this operation has ended, then ask again`)
    : does('retry', `as a superuser, on the coordinator: ${untoldStop(node)}; then retry`);
  const what = during ? 'get the metadata again' : 'be isolated';
  return needsPerson(`${node} can't ${what} while ${other.node} is dead too and not isolated`, {
    evidence: [`${other.node} doesn't answer: ${other.answer}`],
    remedies: [remedy, does('giveUp', 'or give up: what was changed is given back')],
  });
}

function answersAgain(cluster: string, node: string): Error {
  return refused('PlanChanged', `${node} answers again: it was not isolated`, {
    cluster,
    evidence: [`${node} answered the coordinator; isolated, it would have lost its copy of the metadata`],
    remedies: [does('health', 'look whether anything is still wrong', { cluster })],
  });
}
