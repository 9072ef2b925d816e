import { Context } from '@temporalio/activity';
import { withCoordinator } from '../../citus/session/connect.js';
import type { GovernorNews, LoadFigure } from '../../contract/index.js';
import { govern, newGovernor, type GovernorState } from '../../planning/governor.js';
import { clusterIn, ownWorkflowId, readSession, type ActivityContext } from '../runtime/context.js';
import { createMeters } from './meters.js';
import { beatWith } from '../runtime/interceptor.js';

/** The activities of {@link governorActivities}, as workflows call them. */
export type GovernorActivities = ReturnType<typeof governorActivities>;

/** The order to watch the load of one movement. */
export interface GovernorOrder {
  cluster: string;
  /** Never more moves at once than that. */
  ceiling: number;
  /** Moves at once as it begins. */
  parallelMoves: number;
  /** When the movement began, ISO 8601 UTC. */
  startedAt: string;
}

/** Heartbeat details: by them the next attempt goes on where this one was, and the client tells the load live. */
interface GovernorBeat {
  kind: 'governor';
  state: GovernorState;
  figures: LoadFigure[];
}

/** The activity that watches the load while data moves. */
export function governorActivities(context: ActivityContext) {
  return {
    /**
     * Watches the load on the coordinator and tells the workflow how many moves at once it allows, at changes only.
     * Ends when it is cancelled, or when no figure can be read.
     */
    governMoves: async ({
      cluster: name,
      ceiling,
      parallelMoves,
      startedAt,
    }: GovernorOrder): Promise<void> => {
      const activity = Context.current();
      const cluster = clusterIn(context, name);
      const limits = cluster.movement.governor;
      if (!limits) return;
      const startMs = Date.parse(startedAt);
      const meters = createMeters(limits, startMs);
      const workflow = context.client.workflow.getHandle(ownWorkflowId());
      const tell = (news: GovernorNews): Promise<void> => workflow.signal('governed', news);
      const beat: GovernorBeat = {
        kind: 'governor',
        figures: [],
        ...previousState(activity, newGovernor(parallelMoves, Date.now())),
      };
      beatWith(activity, () => beat);
      await withCoordinator(cluster, readSession('governor', { statementTimeoutSeconds: 10 }), async (db) => {
        while (meters.hasAny) {
          const at = Date.now();
          const figures = await meters.read(db, at);
          const notes = meters.takeNotes();
          const { state, change } = govern(beat.state, { at, figures }, { ceiling, startedAt: startMs });
          if (change || notes.length > 0)
            await tell({ notes, ...(change && { change: { ...change, figures } }) });
          Object.assign(beat, { state, figures });
          await activity.sleep(limits.everySeconds * 1_000);
        }
      });
    },
  };
}

function previousState({ info }: Context, fresh: GovernorState): { state: GovernorState } {
  const before = info.heartbeatDetails as Partial<GovernorBeat> | undefined;
  return { state: before?.state ?? fresh };
}
