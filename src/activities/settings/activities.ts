import { activityInfo } from '@temporalio/activity';
import { readNodes, standbysOf } from '../../citus/nodes/nodes.js';
import { withCoordinator } from '../../citus/session/connect.js';
import { withAnswers } from '../../citus/session/lost-answer.js';
import type { SettingEntry } from '../../contract/internal/undo.js';
import { passing } from '../../failures.js';
import { assertHeld } from '../lock/assert-held.js';
import { changeSession, clusterIn, readSession, type ActivityContext } from '../runtime/context.js';
import { lowerTemporary, planTemporary, temporary, type LoweringResult } from './temporary.js';

/** The activities of {@link settingActivities}, as workflows call them. */
export type SettingActivities = ReturnType<typeof settingActivities>;

/** Attempts in which a node that is away is waited for; with the waits between them about 15 s. */
const patientAttempts = 5;

/** The order to lower settings, by their entries of the undo ledger. */
export interface SettingOrder {
  cluster: string;
  lockId: string;
  entries: SettingEntry[];
}

/** Activities that change server settings for a movement. The undo ledger's activity gives them back. */
export function settingActivities(context: ActivityContext) {
  return {
    /** Reads what may be lowered on these nodes. Changes nothing. Under the lock: an earlier holder's is given back by then. */
    planSettings: async ({
      cluster,
      lockId,
      nodes,
    }: {
      cluster: string;
      lockId: string;
      nodes: string[];
    }): Promise<{ entries: SettingEntry[]; notes: string[] }> => {
      await assertHeld(context.client, lockId);
      return withCoordinator(clusterIn(context, cluster), readSession('settings'), async (db) =>
        planTemporary(db, nodes, standbysOf(await readNodes(db), nodes)),
      );
    },

    /**
     * Lowers them. A node that is away for a moment is waited for: with 5 s each its moves would take longer to the end
     * of the operation.
     */
    lowerSettings: ({ cluster, lockId, entries }: SettingOrder): Promise<Omit<LoweringResult, 'away'>> =>
      withAnswers(clusterIn(context, cluster), changeSession('settings'), async (db) => {
        await assertHeld(context.client, lockId);
        const { away, notes, unchanged } = await lowerTemporary(db, entries);
        const lines = away.map(({ node, error }) => `${node}: ${error}`);
        if (away.length > 0 && activityInfo().attempt < patientAttempts)
          throw passing(`${temporary.name} could not be lowered yet on ${lines.join('; ')}`);
        return {
          notes: [
            ...notes,
            ...lines.map((each) => `${temporary.name} could not be lowered, moves take longer: ${each}`),
          ],
          unchanged,
        };
      }),
  };
}
