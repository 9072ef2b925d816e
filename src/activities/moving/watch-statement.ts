import { lookName } from '../../citus/session/application-name.js';
import type { Db } from '../../citus/session/connect.js';
import type { MoveProgress } from '../../citus/moving/moves.js';
import type { ClusterConfig } from '../../config/index.js';
import { runStatement, type Ending, type Stops } from '../runtime/run-statement.js';
import { explainFailure, failureOf } from './stalls/failures.js';
import type { Scene } from './stalls/stall.js';
import { watchForStalls, type Report } from './stalls/watch.js';
import { readPatiently } from '../runtime/progress-reader.js';

/** A long statement of a movement, and what is told of it while it runs. */
export interface MoveStatement {
  name: string;
  text: string;
  params: unknown[];
  /** Seconds after which the server ends it, but for its commit; absent: it may take days. */
  withinSeconds?: number;
  /** Called with its session open, right before it is sent: throws when nothing may be changed any more. */
  mayBegin: () => Promise<void>;
  /** Whether it runs at the server already, when the caller has looked. */
  running?: boolean;
  scene: Scene;
  /** Reads its progress from Citus. */
  readProgress: (db: Db) => Promise<MoveProgress | undefined>;
}

/** The display of a statement's progress, and of what holds it up. */
export interface StatementDisplay extends Report {
  progress: (progress: MoveProgress) => void;
}

/**
 * Runs a long statement, or adopts it, and says why when it gets nowhere.
 *
 * @throws a failure that names what went wrong; NeedsPerson when it can't go on by itself
 */
export async function watchStatement(
  cluster: ClusterConfig,
  { name, text, params, withinSeconds, mayBegin, running, scene, readProgress }: MoveStatement,
  stops: Stops,
  show: StatementDisplay,
): Promise<Ending> {
  const stalls = watchForStalls(cluster, scene, show);
  const sessionName = lookName(scene.operationId, name.slice(name.lastIndexOf(':') + 1));
  const statement = {
    name,
    watchName: `${sessionName}:watch`,
    text,
    params,
    mayBegin,
    ...(withinSeconds !== undefined && { withinSeconds }),
    ...(running !== undefined && { running }),
    watch: async (pid: number | undefined): Promise<void> => {
      const progress = await readPatiently(cluster, sessionName, readProgress);
      if (progress) show.progress(progress);
      stalls.update(pid, progress);
    },
    onSilence: () => show.message('the coordinator doesn’t answer'),
  };
  try {
    const ending = await runStatement(cluster, statement, {
      cancel: AbortSignal.any([stops.cancel, stalls.stuck]),
      leave: stops.leave,
    });
    if (ending === 'cancelled' && !stops.cancel.aborted && stalls.stall) throw failureOf(stalls.stall, scene);
    if (ending === 'ended' || ending === 'cut') show.channel.clear();
    return ending;
  } catch (error) {
    throw await explainFailure(cluster, scene, error, AbortSignal.any([stops.cancel, stops.leave]));
  } finally {
    stalls.end();
  }
}
