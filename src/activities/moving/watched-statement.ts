import { lookApplicationName } from '../../citus/session/application-name.js';
import type { Db } from '../../citus/session/connect.js';
import type { MoveProgress } from '../../citus/moving/moves.js';
import type { ClusterConfig } from '../../config/index.js';
import { runLong, type Ending, type Stop } from '../runtime/run-statement.js';
import { explained, failureOf } from './stalls/failures.js';
import type { Scene } from './stalls/stall.js';
import { watchForStalls, type Report } from './stalls/watch.js';
import { readPatiently } from '../runtime/progress-reader.js';

/** A long statement of a movement, and what is told of it while it runs. */
export interface WatchedStatement {
  name: string;
  text: string;
  params: unknown[];
  /** Whether it runs at the server already, when the caller has looked. */
  running?: boolean;
  scene: Scene;
  /** What Citus tells of it. */
  readProgress: (db: Db) => Promise<MoveProgress | undefined>;
}

/** How its state is shown. */
export interface Show extends Report {
  progress: (progress: MoveProgress) => void;
}

/**
 * Runs a long statement, or adopts it, and says why when it gets nowhere.
 *
 * @throws a failure that names what went wrong; NeedsPerson when it can't go on by itself
 */
export async function runWatched(
  cluster: ClusterConfig,
  { name, text, params, running, scene, readProgress }: WatchedStatement,
  stop: Stop,
  show: Show,
): Promise<Ending> {
  const stalls = watchForStalls(cluster, scene, show);
  const looking = lookApplicationName(scene.operationId, name.slice(name.lastIndexOf(':') + 1));
  const statement = {
    name,
    text,
    params,
    ...(running !== undefined && { running }),
    watch: async (pid: number | undefined): Promise<void> => {
      const progress = await readPatiently(cluster, looking, readProgress);
      if (progress) show.progress(progress);
      stalls.seen(pid, progress);
    },
    silent: () => show.message('the coordinator doesn’t answer'),
  };
  const isStuck = (): boolean => stalls.stuck.aborted && !stop.signal.aborted;
  try {
    const ending = await runLong(cluster, statement, {
      signal: AbortSignal.any([stop.signal, stalls.stuck]),
      manner: () => (isStuck() ? 'cancel' : stop.manner()),
    });
    if (isStuck() && ending === 'stopped' && stalls.stall) throw failureOf(stalls.stall);
    if (ending === 'ended') show.telling.well();
    return ending;
  } catch (error) {
    throw await explained(cluster, scene, error, stop.signal);
  } finally {
    stalls.end();
  }
}
