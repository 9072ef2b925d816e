import { setTimeout as sleep } from 'node:timers/promises';
import { isPromoting, readWal } from '../../citus/hold/clone.js';
import { giveBack, noRecovery, soonTold } from '../../citus/hold/own-settings.js';
import { dropSlot } from '../../citus/hold/slot.js';
import { endCitusSessions, knowsWorker, readClone } from '../../citus/hold/split.js';
import { readAddress } from '../../citus/hold/switch.js';
import { recoverTransactions } from '../../citus/leftovers/removal.js';
import { withCoordinator, withNode, type ConnectOptions, type Db } from '../../citus/session/connect.js';
import type { ClusterConfig } from '../../config/index.js';
import type { HoldEntry } from '../../contract/internal/undo.js';
import { passing } from '../../failures.js';
import { endAtCoordinator, endElsewhere, fence, isCloneStill, reaching } from './servers.js';

/** Milliseconds that a worker may take to hear of a new one, a standby to be promoted, and its slot to be left. */
const knowMs = 15_000;
const promoteMs = 30_000;
const leaveMs = 10_000;

/** How far a switch got; `spent`: the clone is promoted, and nobody was switched to it. */
export type HoldState = 'switched' | 'spent' | 'untouched';

/** Ends what earlier attempts have at the servers, and looks how far they got. Nothing of them takes effect after it. */
export async function lookAtHold(
  cluster: ClusterConfig,
  entry: HoldEntry,
  options: ConnectOptions,
): Promise<HoldState> {
  await endAtCoordinator(cluster, entry, options);
  if (await withCoordinator(cluster, options, (db) => isTaken(db, entry))) {
    if (entry.splits) await untilAllKnow(cluster, entry, options);
    await endElsewhere(cluster, entry, options);
    return 'switched';
  }
  await endElsewhere(cluster, entry, options);
  return (await isStandby(cluster, entry, options)) ? 'untouched' : 'spent';
}

async function isTaken(db: Db, { nodeId, clone, splits }: HoldEntry): Promise<boolean> {
  if (splits) return (await readClone(db, clone))?.isClone === false;
  return (await readAddress(db, nodeId))?.toLowerCase() === clone.toLowerCase();
}

/**
 * Waits until every worker knows that a clone is one too, before what is held there is let go: a write by the old metadata
 * would be lost. What the coordinator committed, and a worker has only prepared, is committed there now.
 */
async function untilAllKnow(
  cluster: ClusterConfig,
  { servers, clone }: HoldEntry,
  options: ConnectOptions,
): Promise<void> {
  for (const node of servers) {
    const know = (): Promise<boolean> =>
      withNode(reaching(cluster, node), node, options, (db) => knowsWorker(db, clone));
    for (const end = Date.now() + knowMs; !(await know());) {
      await withCoordinator(cluster, options, (db) =>
        recoverTransactions(db, { node: 'the coordinator', groupId: 0 }),
      );
      if (Date.now() > end) throw passing(`${node} does not know yet that ${clone} is a worker`);
      await sleep(200);
    }
  }
}

/** Whether a clone still follows, and will. One that was fenced doesn't. */
async function isStandby(
  cluster: ClusterConfig,
  entry: HoldEntry,
  options: ConnectOptions,
): Promise<boolean> {
  const { clone, splits } = entry;
  try {
    return await withNode(reaching(cluster, clone), clone, options, async (db) => {
      // Whoever that is, nothing was done to it.
      if (!(await isCloneStill(db, entry))) return true;
      // Citus's own session may be about to promote it, though whoever wanted that is gone.
      if (splits) await endCitusSessions(db);
      for (const end = Date.now() + promoteMs; (await readWal(db)).inRecovery;) {
        if (!(await isPromoting(db))) return true;
        if (Date.now() > end) throw passing(`${clone} is being promoted`);
        await sleep(50);
      }
      return false;
    });
  } catch (error) {
    if (error instanceof Error && /is not currently accepting connections/.test(error.message)) return false;
    throw error;
  }
}

/**
 * Brings both servers to where they belong. Whichever isn't in service is made harmless: the old one would go on writing into
 * the cluster, unless it keeps a part of its shards; a clone that was promoted in vain thinks that it is the worker.
 */
export async function settle(
  cluster: ClusterConfig,
  { node, clone, before, slot, splits }: HoldEntry,
  state: HoldState,
  options: ConnectOptions,
): Promise<void> {
  if (state === 'switched' && !splits) await fence(cluster, node, options);
  if (state === 'spent') await fence(cluster, clone, options);
  else
    await withNode(reaching(cluster, clone), clone, options, (db) =>
      giveBack(db, noRecovery, before.recovery),
    );
  await withCoordinator(cluster, options, (db) => giveBack(db, soonTold, before.syncRetry));
  // A clone that was promoted streams no more, and its source is still in service.
  if (slot !== undefined && (state === 'spent' || (state === 'switched' && splits)))
    await withNode(reaching(cluster, node), node, options, (db) => dropSlot(db, slot, leaveMs));
}
