import { setTimeout as sleep } from 'node:timers/promises';
import { readLag, readWal } from '../../citus/hold/clone.js';
import type { ConnectOptions } from '../../citus/session/connect.js';
import type { ClusterConfig } from '../../config/index.js';
import { does } from '../../contract/index.js';
import type { HoldEntry } from '../../contract/internal/undo.js';
import { needsPerson, passing, refused } from '../../failures.js';
import { lookAtHold, settle } from './look.js';
import { isCloneStill, otherServer, withNodes } from './servers.js';
import { prepareSplit, type SplitOrder } from './splitting.js';
import { tryHold, type HoldOutcome, type HoldTimes } from './try-hold.js';

/** The order to hold all traffic, and to have a clone take its worker's place, or a part of its shards. */
export interface HoldOrder {
  cluster: string;
  lockId: string;
  entry: HoldEntry;
  /** Where the shards are split: the part of the data that was approved to go, from 0 to 1. */
  share?: number;
}

/** What a hold came to. */
export interface HoldResult {
  /** Milliseconds from the first lock until everything went on; absent: an earlier attempt had switched already. */
  heldMs?: number;
  /** How often it was tried. */
  tries: number;
}

/** What a user's statement waits at most is about the deadline and the promotion, which takes a fifth of a second. */
export const usualTimes: HoldTimes = {
  lockMs: 700,
  deadlineMs: 1_000,
  deadManMs: 20_000,
  promoteSeconds: 10,
};

/** Attempts at holding until it is a person's. */
const mostTries = 12;
/** Milliseconds until the next attempt, at first and at most: what is in the way must have time to end. */
const pauseMs = 1_000;
const longestPauseMs = 15_000;
/** Milliseconds in which a clone must catch up before traffic is held. */
const catchUpMs = 60_000;

/**
 * Holds all traffic and has a clone take its worker's place, or a part of its shards, or finds that done. Where others are in
 * the way it lets go, waits, and tries again.
 *
 * @param split where the shards are split
 * @param look options of the sessions that look, fence, and end earlier attempts
 * @throws PlanChanged when the clone was promoted in vain; NeedsPerson when there was no quiet moment
 */
export async function holdTraffic(
  cluster: ClusterConfig,
  { entry }: Pick<HoldOrder, 'entry'>,
  {
    mayAct,
    stop,
    look,
    split,
  }: { mayAct: () => Promise<void>; stop: AbortSignal; look: ConnectOptions; split?: SplitOrder },
  times: HoldTimes = usualTimes,
): Promise<HoldResult> {
  const state = await lookAtHold(cluster, entry, look);
  if (state === 'switched') {
    await settle(cluster, entry, state, look);
    return { tries: 0 };
  }
  if (state === 'spent') throw await thrownAway(cluster, entry, 'an earlier attempt promoted it', look);
  const attempt = async (): Promise<HoldOutcome> => {
    const mayGo = split && (await prepareSplit(cluster, entry, split, { mayAct, look }));
    if (mayGo === 'not now')
      return { state: 'went back', why: `${entry.clone} could not be registered in time` };
    await untilCaughtUp(cluster, entry, look);
    return tryHold(cluster, entry, times, { mayAct, stop, ...(mayGo && { mayGo }) });
  };
  const reasons: string[] = [];
  for (let tries = 1; tries <= mostTries; tries += 1) {
    const outcome = await attempt();
    // What the commit came to is told by what the coordinator has on record, not by how its session ended.
    const became = outcome.state === 'failed' ? await lookAtHold(cluster, entry, look) : outcome.state;
    if (became === 'switched') {
      await settle(cluster, entry, became, look);
      return { ...('heldMs' in outcome && { heldMs: outcome.heldMs }), tries };
    }
    const why = 'why' in outcome ? outcome.why : '';
    if (became === 'spent') throw await thrownAway(cluster, entry, why, look);
    reasons.push(why);
    await sleep(Math.min(longestPauseMs, pauseMs * 1.5 ** (tries - 1)), undefined, { signal: stop });
  }
  throw needsPerson(`there was no quiet moment for the switch of ${entry.node} in ${mostTries} attempts`, {
    evidence: [...new Set(reasons)].slice(-5),
    remedies: [
      does(
        'retry',
        'end the transactions that have tables locked for long, or wait for a quieter hour; then retry',
      ),
      does('cancel', 'or cancel: nothing has changed'),
    ],
  });
}

/** The clone isn't fit for anything any more, and must do no harm. */
async function thrownAway(
  cluster: ClusterConfig,
  entry: HoldEntry,
  why: string,
  look: ConnectOptions,
): Promise<Error> {
  await settle(cluster, entry, 'spent', look);
  return refused(
    'PlanChanged',
    `${entry.clone} was promoted, and the switch to it was not made: ${entry.node} stays in service`,
    {
      cluster: cluster.name,
      evidence: [why, `${entry.clone} is fenced: it lets nobody into ${cluster.database}`],
      remedies: ['stop that server for good, make another standby, and start again with that one'],
    },
  );
}

/** Waits until a clone is so near that it will have replayed the rest within a moment. */
async function untilCaughtUp(cluster: ClusterConfig, entry: HoldEntry, look: ConnectOptions): Promise<void> {
  await withNodes(cluster, [entry.node, entry.clone], look, async ([old, clone]) => {
    if (!old || !clone) throw new Error('a session is missing');
    // It would never catch up.
    if (!(await isCloneStill(clone, entry))) throw otherServer(cluster.name, entry);
    for (const end = Date.now() + catchUpMs; ;) {
      const { position } = await readWal(old);
      await sleep(100);
      const bytes = await readLag(clone, position);
      if (bytes === 0) return;
      if (Date.now() > end)
        throw passing(`${entry.clone} does not catch up with ${entry.node}`, {
          evidence: [`it still lacks ${bytes} bytes of WAL`],
          remedies: ['look at its log, and whether a query there holds its replay up'],
        });
    }
  });
}
