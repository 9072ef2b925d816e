import { cancellationSignal } from '@temporalio/activity';
import { markNodes } from '../../citus/nodes/marks.js';
import type { Db } from '../../citus/session/connect.js';
import type { ClusterConfig } from '../../config/index.js';
import type { UndoEntry } from '../../contract/internal/undo.js';
import { passing } from '../../failures.js';
import { stopUnused } from '../machines/stop-unused.js';
import { giveBackSync } from '../nodes/metadata-sync.js';
import { unregister } from '../nodes/registration.js';
import { undoHold } from './undo-hold.js';
import { restoreSettings, type RestoreResult } from '../settings/temporary.js';

/** The things that undoing an entry needs besides the entry. */
export interface UndoScene {
  cluster: ClusterConfig;
  /** A session on the coordinator. */
  db: Db;
  /** When it was first tried, in milliseconds. */
  since: number;
  /** Asked right before something is changed; throws when nothing may be changed any more. */
  mayAct: () => Promise<void>;
}

/** What became of undoing an entry. */
export interface UndoResult {
  /** What a person should know. */
  notes: string[];
  /** Why a person has to do it. */
  handedOver?: string;
}

/**
 * Undoes entries of one kind, each to exactly the state before: settings all at once, others one after another. May be
 * called any number of times, whatever was done. An entry is rejected by what passes, while a node doesn't answer.
 */
export async function undoEntries(
  entries: UndoEntry[],
  scene: UndoScene,
): Promise<PromiseSettledResult<UndoResult>[]> {
  const settings = entries.filter((entry) => entry.kind === 'setting');
  const restored = restoreSettings(scene.db, settings);
  const results: PromiseSettledResult<UndoResult>[] = [];
  for (const entry of entries) {
    const work =
      entry.kind === 'setting'
        ? restored.then((resultOf) => undoResult(resultOf(entry)))
        : undoEntry(entry, scene);
    results.push(...(await Promise.allSettled([work])));
  }
  return results;
}

function undoResult(result: RestoreResult): UndoResult {
  if (result.state === 'away')
    throw passing(`a setting could not be given back yet: ${result.why}`, { evidence: [result.why] });
  return { notes: result.state === 'left' ? [result.why] : [] };
}

async function undoEntry(
  entry: Exclude<UndoEntry, { kind: 'setting' }>,
  scene: UndoScene,
): Promise<UndoResult> {
  switch (entry.kind) {
    case 'node-mark':
      await scene.mayAct();
      await markNodes(scene.db, [{ ...entry, value: entry.before }]);
      return { notes: [] };
    case 'registration':
      return { notes: await unregister(scene.db, entry, scene.since, scene.mayAct) };
    case 'metadata-sync':
      return giveBackSync(scene.db, entry, scene.mayAct);
    case 'machine':
      await scene.mayAct();
      return stopUnused(scene.cluster, entry, cancellationSignal());
    case 'hold':
      return undoHold(scene.cluster, entry, scene.mayAct);
  }
}
