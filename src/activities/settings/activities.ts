import { Context } from '@temporalio/activity';
import { applicationPrefix } from '../../citus/session/application-name.js';
import { withCoordinator, type Db } from '../../citus/session/connect.js';
import { readNodeSetting, setNodeSetting } from '../../citus/nodes/node-settings.js';
import { markNodes } from '../../citus/nodes/marks.js';
import { readNodes } from '../../citus/nodes/nodes.js';
import { does, shardMark, type BorrowedSetting } from '../../contract/index.js';
import { passing } from '../../failures.js';
import { isPassingError } from '../runtime/classify.js';
import { clusterIn, session, type ActivityContext } from '../runtime/context.js';
import { assertHeld, mayStay } from '../lock/activities.js';

export type SettingActivities = ReturnType<typeof settingActivities>;

/**
 * The only setting that a movement borrows: PostgreSQL starts at most one apply worker an interval, 5 s by default,
 * which is nearly all of the time of a small move.
 */
export const borrowable = { name: 'wal_retrieve_retry_interval', raised: '100ms', raisedMs: 100 } as const;

/** With the waits between them about 15 s. */
const patientAttempts = 5;

export interface Notes {
  notes: string[];
}

/** Raises server settings for a movement, and gives them back exactly as their owner had them. */
export function settingActivities(context: ActivityContext) {
  return {
    /** What may be borrowed on these nodes, with what the owner had. Changes nothing. */
    readBorrowable: async ({
      cluster,
      nodes,
    }: {
      cluster: string;
      nodes: string[];
    }): Promise<Notes & { settings: BorrowedSetting[] }> =>
      withCoordinator(clusterIn(context, cluster), session('read settings'), async (db) => {
        const read = await readNodeSetting(db, nodes, borrowable.name);
        const settings = read.flatMap((found): BorrowedSetting[] =>
          'error' in found || found.milliseconds <= borrowable.raisedMs
            ? []
            : [{ node: found.node, name: borrowable.name, before: found.owners, raised: borrowable.raised }],
        );
        const notes = read.flatMap((found) =>
          'error' in found
            ? [`${borrowable.name} could not be read on ${found.node}, it stays as it is: ${found.error}`]
            : [],
        );
        return { settings, notes };
      }),

    /**
     * Raises them. A role that may not is no error: moves just take longer. A node that is away for a moment is waited
     * for, as with 5 s each its moves would take longer to the end of the operation.
     */
    raiseSettings: async ({
      cluster: name,
      holdId,
      settings,
    }: {
      cluster: string;
      holdId: string;
      settings: BorrowedSetting[];
    }): Promise<Notes> => {
      await assertHeld(context.client, holdId);
      const cluster = clusterIn(context, name);
      try {
        const { attempt } = Context.current().info;
        return await withCoordinator(cluster, session('borrow settings'), (db) =>
          raise(db, settings, { patient: attempt < patientAttempts }),
        );
      } finally {
        // Whoever gives them back, the operation or its custodian, may have done so before this raised.
        if (!(await mayStay(context.client, holdId)))
          await withCoordinator(cluster, { applicationName: `${applicationPrefix}give back` }, (db) =>
            giveBack(db, settings),
          );
      }
    },

    /**
     * Gives back on each node what the owner had; a value that someone else has set meanwhile is left alone. Tries
     * all nodes before it fails for those that are away.
     */
    giveBackSettings: async ({
      cluster,
      settings,
    }: {
      cluster: string;
      settings: BorrowedSetting[];
    }): Promise<{ left: string[] }> =>
      withCoordinator(clusterIn(context, cluster), session('give back settings'), (db) =>
        giveBack(db, settings),
      ),
  };
}

async function raise(db: Db, settings: BorrowedSetting[], { patient }: { patient: boolean }): Promise<Notes> {
  const results = await setNodeSetting(
    db,
    settings.map(({ node, name, raised }) => ({ node, name, value: raised })),
  );
  const failed = results.flatMap(({ node, error }) => (error === undefined ? [] : [{ node, error }]));
  const away = failed.filter(({ error }) => isPassingError(new Error(error)));
  if (patient && away.length > 0) {
    throw passing(
      `${borrowable.name} could not be lowered yet on ${away.map(({ node, error }) => `${node}: ${error}`).join('; ')}`,
    );
  }
  return {
    notes: failed.map(
      ({ node, error }) => `${borrowable.name} could not be lowered on ${node}, moves take longer: ${error}`,
    ),
  };
}

/** What is away keeps nothing else from being given back. */
async function giveBack(db: Db, all: BorrowedSetting[]): Promise<{ left: string[] }> {
  const marks = all.filter(({ name }) => name === shardMark);
  const [marked] = await Promise.allSettled([
    markNodes(
      db,
      marks.map(({ node, before }) => ({ node, value: before === 'true' })),
    ),
  ]);
  const settings = all.filter(({ name }) => name !== shardMark);
  const { left, away } = await giveBackSettings(db, settings);
  if (marked.status === 'rejected') throw marked.reason;
  if (away.length > 0) {
    throw passing(`settings could not be given back yet on ${away.join('; ')}`, {
      evidence: away,
      remedies: ['bring the node back', does('giveUp', 'or give up: the report names the SQL')],
    });
  }
  return { left };
}

async function giveBackSettings(
  db: Db,
  settings: BorrowedSetting[],
): Promise<{ left: string[]; away: string[] }> {
  const left: string[] = [];
  const away: string[] = [];
  const wishes: { node: string; name: string; value: string | null }[] = [];
  const unchanged = new Set<string>();
  const registered = new Set((await readNodes(db)).map(({ node }) => node.toLowerCase()));
  const read = await readNodeSetting(
    db,
    settings.map(({ node }) => node),
    borrowable.name,
  );
  for (const { node, name, before, raised } of settings) {
    const found = read.find((each) => each.node === node);
    if (!found || 'error' in found) {
      const why = found?.error ?? 'no answer';
      if (registered.has(node.toLowerCase())) away.push(`${node}: ${why}`);
      else
        left.push(
          `${name} is still ${raised} on ${node}, which is no node of the cluster any more and doesn’t answer (${why}); before it was ${before ?? 'not set'}`,
        );
    } else if (found.owners !== null && found.owners !== raised && found.owners !== before) {
      left.push(`${name} on ${node} is ${found.owners} now, set by someone else meanwhile: left alone`);
    } else {
      // Set also when it looks as before: whoever raised it may have been killed before the reload that shows it.
      if (found.owners === before) unchanged.add(node);
      wishes.push({ node, name, value: before });
    }
  }
  for (const { node, error } of await setNodeSetting(db, wishes)) {
    const neverRaised = unchanged.has(node) && /permission denied/.test(error ?? '');
    if (error !== undefined && !neverRaised) away.push(`${node}: ${error}`);
  }
  return { left, away };
}
