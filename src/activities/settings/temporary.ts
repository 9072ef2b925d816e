import { setTimeout as sleep } from 'node:timers/promises';
import {
  readNodeSetting,
  reloadNodes,
  setNodeSetting,
  type NodeSetting,
} from '../../citus/nodes/node-settings.js';
import type { Db } from '../../citus/session/connect.js';
import { settingId, type SettingEntry } from '../../contract/internal/undo.js';
import { isPassingText } from '../runtime/classify.js';

/**
 * The only setting that a movement changes for a while: PostgreSQL starts at most one apply worker an interval, 5 s by
 * default, which is nearly all of the time of a small move.
 */
export const temporary = { name: 'wal_retrieve_retry_interval', during: '100ms', duringMs: 100 } as const;

/** Milliseconds that a reload may take until the server goes by the file. */
const reloadMs = 1_000;

/** Reads what a movement would lower on these nodes, with what the owner had. Changes nothing. */
export async function planTemporary(
  db: Db,
  nodes: string[],
): Promise<{ entries: SettingEntry[]; notes: string[] }> {
  const { name, during, duringMs } = temporary;
  const read = await readNodeSetting(db, nodes, name);
  return {
    entries: read.flatMap((found): SettingEntry[] =>
      'error' in found || found.milliseconds <= duringMs
        ? []
        : [
            {
              id: settingId(found.node, name),
              kind: 'setting',
              node: found.node,
              server: found.server,
              name,
              before: found.owners,
              during,
            },
          ],
    ),
    notes: read.flatMap((found) =>
      'error' in found
        ? [`${name} could not be read on ${found.node}, it stays as it is: ${found.error}`]
        : [],
    ),
  };
}

/** What became of lowering a setting on the nodes. */
export interface Lowered {
  /** Nodes that didn't answer, with what was said. */
  away: { node: string; error: string }[];
  notes: string[];
  /** Ids of the entries that changed nothing, for the role or the server doesn't allow it. */
  unchanged: string[];
}

/** Lowers settings. Where the role or the server doesn't allow it they stay: moves just take longer. */
export async function lower(db: Db, entries: SettingEntry[]): Promise<Lowered> {
  const results = await setNodeSetting(
    db,
    entries.map(({ node, name, during }) => ({ node, name, value: during })),
  );
  const failed = results.flatMap(({ node, error }) => (error === undefined ? [] : [{ node, error }]));
  const refused = failed.filter(({ error }) => !isPassingText(error));
  const states = await readSettled(
    db,
    entries.filter(({ node }) => refused.some((each) => each.node === node)),
  );
  return {
    away: failed.filter(({ error }) => isPassingText(error)),
    notes: refused.map(
      ({ node, error }) => `${temporary.name} could not be lowered on ${node}, moves take longer: ${error}`,
    ),
    unchanged: states.flatMap(({ entry, found }) =>
      'owners' in found && found.owners === entry.before ? [entry.id] : [],
    ),
  };
}

export type GivenBack =
  { state: 'as before' } | { state: 'left'; why: string } | { state: 'away'; why: string };

/**
 * Gives a setting back exactly as its owner had it, and reads it again. What stands in the file counts, not what was
 * done: one that was never changed needs nothing, also where nothing may be written. A value that someone else has set
 * meanwhile is left alone.
 */
export async function giveBack(db: Db, entry: SettingEntry): Promise<GivenBack> {
  const { node, name, before, during } = entry;
  for (const isLast of [false, true]) {
    const [state] = await readSettled(db, [entry]);
    const found = state?.found ?? { node, error: 'no answer' };
    if ('error' in found) return { state: 'away', why: `${node}: ${found.error}` };
    if (found.server !== entry.server)
      return { state: 'left', why: `${node} is another server now: its ${name} was left alone` };
    if (found.owners === before) return { state: 'as before' };
    if (found.owners !== during)
      return {
        state: 'left',
        why: `${name} on ${node} is ${found.owners ?? 'not set'} now, set by someone else meanwhile: left alone`,
      };
    if (isLast) break;
    const [result] = await setNodeSetting(db, [{ node, name, value: before }]);
    if (result?.error !== undefined) return { state: 'away', why: `${node}: ${result.error}` };
  }
  return { state: 'away', why: `${node}: ${name} is still ${during} after a reload` };
}

/** Reads what holds once the server has read its files again: who changed a file may have died before the reload. */
async function readSettled(
  db: Db,
  entries: SettingEntry[],
): Promise<{ entry: SettingEntry; found: NodeSetting }[]> {
  if (entries.length === 0) return [];
  const nodes = entries.map(({ node }) => node);
  const reloaded = await reloadNodes(db, nodes);
  let found = await readNodeSetting(db, nodes, temporary.name);
  const late = (): boolean =>
    found.some(
      (each) => 'loadedAt' in each && (reloaded.get(each.node) ?? Number.NEGATIVE_INFINITY) > each.loadedAt,
    );
  for (const end = Date.now() + reloadMs; late() && Date.now() < end;) {
    await sleep(50);
    found = await readNodeSetting(db, nodes, temporary.name);
  }
  return entries.map((entry) => ({
    entry,
    found: found.find(({ node }) => node === entry.node) ?? { node: entry.node, error: 'no answer' },
  }));
}
