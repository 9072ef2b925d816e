import type { OperationType } from '../../../src/contract/index.js';
import type { Operation } from '../../support/stage.js';
import type { Lane } from '../lane.js';
import type { Point } from '../point.js';

/** An operation whose every activity is to survive a crash. */
export interface Procedure {
  name: string;
  type: OperationType;
  input: object;
  /** Brings the cluster, that of every case, to where this procedure begins; adds to its input. */
  prepare?: (lane: Lane) => Promise<object>;
  /**
   * What befalls the cluster when its beginning was looked at: a worker that dies, say. Adds to the input. Since it could not
   * be undone, the next case begins with a copy of the servers.
   */
  befall?: (lane: Lane) => Promise<object>;
  /** What is done when it is over, before its end is looked at; throws when something is not as it should be. */
  afterwards?: (lane: Lane) => Promise<void>;
  /** In the end rows are others than in the beginning, and the same as without crashes. */
  changesRows?: boolean;
  /** What somebody does in its course: crashes are tried from here on. */
  steer?: {
    at: Pick<Point, 'activity' | 'nth' | 'moment' | 'call'>;
    act: (op: Operation, lane: Lane) => Promise<void>;
    /** What happens to the cluster from then on, whatever the operation does. */
    meanwhile?: (lane: Lane) => Promise<void>;
  };
  /** In the end the cluster is as if nothing had been asked for: nodes, their marks and shards, machines. */
  undone?: boolean;
  /** Whether a standby may be promoted in vain: the operation ends then, and the cluster is as if nothing had been asked for. */
  maySpend?: boolean;
  /** Whether what it strikes may be over by then or not: reports and what machines went through differ. */
  racy?: boolean;
  /** Whether crashes of the nth execution of this activity are of interest; default all. */
  crashes?: (activity: string, nth: number) => boolean;
  /** Whether the other faults are tried in its steps too. */
  faults?: boolean;
}
