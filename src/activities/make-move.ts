import { withCoordinator } from '../citus/connect.js';
import { moveApplicationName } from '../citus/application-name.js';
import { cancelBackend, findBackend, moveStatement, readMoveProgress } from '../citus/moves.js';
import type { ClusterConfig } from '../config/index.js';
import type { Moving } from '../contract/index.js';
import { isPassingError } from './classify.js';

export interface MoveOrder {
  operationId: string;
  shardId: number;
  shardIds: number[];
  fromNodeId: number;
  toNodeId: number;
  transferMode: string;
}

/** How a move that was told to stop stops: `cancel` ends the statement, `leave` lets it go on at the server. */
export type StopManner = 'cancel' | 'leave';

const pollMs = 1_000;
/** Seconds without an answer after which the coordinator counts as lost; the next attempt adopts the move. */
const silenceSeconds = 45;

/**
 * Makes one move, or adopts it when an earlier attempt's statement still runs at the server. Returns when Citus says
 * that it is done, or, told to stop, `stopped`. Whether it really is there is for the caller to look at.
 */
export async function makeMove(
  cluster: ClusterConfig,
  order: MoveOrder,
  stop: { signal: AbortSignal; manner: () => StopManner },
  show: (now: Partial<Moving>) => void,
): Promise<'ended' | 'stopped'> {
  const name = moveApplicationName(order.operationId, order.shardId);
  const watching = { applicationName: `${name}:watch`, statementTimeoutSeconds: 10 };
  const adopted = await withCoordinator(cluster, watching, (db) => findBackend(db, name));
  const gone = new AbortController();
  const call: Call = { finished: false };
  const statement = adopted === undefined ? run(cluster, order, name, gone.signal) : undefined;
  statement?.then(
    () => (call.finished = true),
    (error: unknown) => Object.assign(call, { finished: true, failure: error }),
  );

  let heard = Date.now();
  let cancelled = false;
  for (;;) {
    await pause(pollMs, stop.signal, statement);
    if (call.finished) break;
    if (stop.signal.aborted && stop.manner() === 'leave') {
      // The connection goes, the statement stays: Citus finishes the move, and the next attempt adopts it.
      gone.abort();
      return 'stopped';
    }
    try {
      const running = await withCoordinator(cluster, watching, async (db) => {
        const pid = await findBackend(db, name);
        if (stop.signal.aborted) {
          cancelled = true;
          if (pid !== undefined) await cancelBackend(db, pid);
          return pid !== undefined;
        }
        // What Citus tells of progress may hang while a node is frozen; the catalog answers.
        const now = await readMoveProgress(db, order.shardIds).catch(() => undefined);
        if (now) show(shown(now));
        return pid !== undefined;
      });
      heard = Date.now();
      if (!running && statement === undefined) return stop.signal.aborted ? 'stopped' : 'ended';
    } catch (error) {
      if (!isPassingError(error)) throw error;
      show({ message: 'the coordinator doesn’t answer' });
      if (Date.now() - heard > silenceSeconds * 1_000) {
        gone.abort();
        throw error;
      }
    }
  }
  if (call.failure === undefined) return 'ended';
  if (cancelled) return 'stopped';
  throw call.failure;
}

/** The statement that this attempt began itself. */
interface Call {
  finished: boolean;
  failure?: Error;
}

function run(
  cluster: ClusterConfig,
  { shardId, fromNodeId, toNodeId, transferMode }: MoveOrder,
  applicationName: string,
  signal: AbortSignal,
) {
  return withCoordinator(cluster, { applicationName, statementTimeoutSeconds: 0, signal }, async (db) => {
    // A notice to a client that is gone would end the statement with it.
    await db.query('set client_min_messages = error');
    await db.query(moveStatement, [shardId, fromNodeId, toNodeId, transferMode]);
  });
}

function shown({
  phase,
  copiedBytes,
  bytes,
  lagBytes,
}: {
  phase: string;
  copiedBytes: number;
  bytes: number;
  lagBytes: number | null;
}): Partial<Moving> {
  return lagBytes === null ? { phase, copiedBytes, bytes } : { phase, copiedBytes, bytes, lagBytes };
}

/** Waits, but no longer than until the statement has ended or a stop is asked for. */
async function pause(
  ms: number,
  signal: AbortSignal,
  statement: Promise<unknown> | undefined,
): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, signal.aborted ? 100 : ms);
    if (!signal.aborted) signal.addEventListener('abort', () => resolve(), { once: true });
  });
  await Promise.race([timeout, ...(statement ? [statement.catch(() => undefined)] : [])]);
  clearTimeout(timer);
}
