import { within } from '../citus/within.js';
import type { Db } from '../citus/connect.js';
import type { MoveProgress } from '../citus/moves.js';
import type { ClusterConfig } from '../config/index.js';
import { runLong, type Ending, type Stop } from './long-statement.js';
import { explained, failureOf } from './stalls/failures.js';
import type { Scene } from './stalls/stall.js';
import type { Telling } from './stalls/telling.js';
import { watchForStalls, type StallTimes } from './stalls/watch.js';

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
export interface Show {
  progress: (progress: MoveProgress) => void;
  /** What holds it up, or undefined when nothing does. */
  message: (message: string | undefined) => void;
  telling: Telling;
  times: StallTimes;
}

/** Seconds for what Citus tells of progress: it asks the nodes, and hangs while one is frozen. */
const progressSeconds = 5;

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
  const stalls = watchForStalls(cluster, scene, show.times, show.telling);
  const statement = {
    name,
    text,
    params,
    ...(running !== undefined && { running }),
    watch: async (db: Db, pid: number | undefined): Promise<void> => {
      const progress = await within(db, progressSeconds, () => readProgress(db));
      if (progress) show.progress(progress);
      stalls.seen(pid, progress);
      show.message(stalls.stall?.problem);
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
