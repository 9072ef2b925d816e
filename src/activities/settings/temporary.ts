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

/**
 * Reads what a movement would lower on these nodes, with what the owner had. Changes nothing.
 *
 * @param standbys registered standbys of them: one that takes over while data moves has a setting of its own
 */
export async function planTemporary(
  db: Db,
  nodes: string[],
  standbys: string[] = [],
): Promise<{ entries: SettingEntry[]; notes: string[] }> {
  const { name, during, duringMs } = temporary;
  const settings = (await readNodeSetting(db, [...nodes, ...standbys], name)).filter(
    (setting) => !('error' in setting && standbys.includes(setting.node)),
  );
  return {
    entries: settings.flatMap((setting): SettingEntry[] =>
      'error' in setting || setting.milliseconds <= duringMs
        ? []
        : [
            {
              id: settingId(setting.node, name),
              kind: 'setting',
              node: setting.node,
              server: setting.server,
              name,
              before: setting.ownerValue,
              during,
            },
          ],
    ),
    notes: settings.flatMap((setting) =>
      'error' in setting
        ? [`${name} could not be read on ${setting.node}, it stays as it is: ${setting.error}`]
        : [],
    ),
  };
}

/** The outcome of lowering a setting on the nodes. */
export interface LoweringResult {
  /** Nodes that didn't answer, with what was said. */
  away: { node: string; error: string }[];
  notes: string[];
  /** Ids of the entries that changed nothing: the role or the server doesn't allow it, or someone else set it meanwhile. */
  unchanged: string[];
}

/** Lowers settings that are as they were. Where the role or the server doesn't allow it they stay: moves just take longer. */
export async function lowerTemporary(db: Db, entries: SettingEntry[]): Promise<LoweringResult> {
  const others = await changedByOthers(db, entries);
  const results = await setNodeSetting(
    db,
    entries
      .filter((entry) => !others.has(entry))
      .map(({ node, name, during }) => ({ node, name, value: during })),
  );
  const failures = results.flatMap(({ node, error }) => (error === undefined ? [] : [{ node, error }]));
  const refusals = failures.filter(({ error }) => !isPassingText(error));
  const states = await readAfterReload(
    db,
    entries.filter(({ node }) => refusals.some((each) => each.node === node)),
  );
  return {
    away: failures.filter(({ error }) => isPassingText(error)),
    notes: [
      ...refusals.map(
        ({ node, error }) => `${temporary.name} could not be lowered on ${node}, moves take longer: ${error}`,
      ),
      ...[...others].map(
        ([{ node, name }, value]) =>
          `${name} on ${node} was set to ${value ?? 'its default'} by someone else meanwhile: left alone`,
      ),
    ],
    unchanged: [
      ...states.flatMap(({ entry, setting }) =>
        'ownerValue' in setting && setting.ownerValue === entry.before ? [entry.id] : [],
      ),
      ...[...others.keys()].map(({ id }) => id),
    ],
  };
}

/** The entries whose setting is neither as it was when they were made nor lowered, with what it is now. */
async function changedByOthers(db: Db, entries: SettingEntry[]): Promise<Map<SettingEntry, string | null>> {
  const settings = await readNodeSetting(
    db,
    entries.map(({ node }) => node),
    temporary.name,
  );
  return new Map(
    entries.flatMap((entry): [SettingEntry, string | null][] => {
      const setting = settings.find(({ node }) => node === entry.node);
      if (!setting || 'error' in setting) return [];
      const { ownerValue } = setting;
      return ownerValue === entry.before || ownerValue === entry.during ? [] : [[entry, ownerValue]];
    }),
  );
}

/** The outcome of giving a setting back; `left`: it stays as someone else has set it. */
export type RestoreResult =
  { state: 'as before' } | { state: 'left'; why: string } | { state: 'away'; why: string };

/**
 * Gives settings back exactly as their owner had them, on all nodes at once, and reads them again. What stands in the
 * file counts, not what was done: one that was never changed needs nothing, also where nothing may be written. A value
 * that someone else has set meanwhile is left alone. Answers how it ended for each entry.
 */
export async function restoreSettings(
  db: Db,
  entries: SettingEntry[],
): Promise<(entry: SettingEntry) => RestoreResult> {
  const results = new Map<SettingEntry, RestoreResult>();
  const readLowered = async (some: SettingEntry[]): Promise<SettingEntry[]> => {
    const states = (await readAfterReload(db, some)).map(({ entry, setting }) => ({
      entry,
      result: resultOf(entry, setting),
    }));
    for (const { entry, result } of states) if (result) results.set(entry, result);
    return states.flatMap(({ entry, result }) => (result ? [] : [entry]));
  };
  const lowered = await readLowered(entries);
  const answers = await setNodeSetting(
    db,
    lowered.map(({ node, name, before }) => ({ node, name, value: before })),
  );
  for (const entry of lowered) {
    const error = answers.find(({ node }) => node === entry.node)?.error;
    if (error !== undefined) results.set(entry, { state: 'away', why: `${entry.node}: ${error}` });
  }
  for (const entry of await readLowered(lowered.filter((each) => !results.has(each)))) {
    const why = `${entry.node}: ${entry.name} is still ${entry.during} after a reload`;
    results.set(entry, { state: 'away', why });
  }
  return (entry) => results.get(entry) ?? { state: 'away', why: `${entry.node}: no answer` };
}

/** How giving a setting back ends by what is set now; undefined: it is still lowered. */
function resultOf(
  { node, name, before, during, server }: SettingEntry,
  setting: NodeSetting,
): RestoreResult | undefined {
  if ('error' in setting) return { state: 'away', why: `${node}: ${setting.error}` };
  if (setting.server !== server)
    return { state: 'left', why: `${node} is another server now: its ${name} was left alone` };
  if (setting.ownerValue === before) return { state: 'as before' };
  if (setting.ownerValue === during) return undefined;
  return {
    state: 'left',
    why: `${name} on ${node} is ${setting.ownerValue ?? 'not set'} now, set by someone else meanwhile: left alone`,
  };
}

/** Reads what holds once the server has read its files again: who changed a file may have died before the reload. */
async function readAfterReload(
  db: Db,
  entries: SettingEntry[],
): Promise<{ entry: SettingEntry; setting: NodeSetting }[]> {
  if (entries.length === 0) return [];
  const nodes = entries.map(({ node }) => node);
  const reloaded = await reloadNodes(db, nodes);
  let settings = await readNodeSetting(db, nodes, temporary.name);
  const late = (): boolean =>
    settings.some(
      (each) => 'loadedAt' in each && (reloaded.get(each.node) ?? Number.NEGATIVE_INFINITY) > each.loadedAt,
    );
  for (const end = Date.now() + reloadMs; late() && Date.now() < end;) {
    await sleep(50);
    settings = await readNodeSetting(db, nodes, temporary.name);
  }
  return entries.map((entry) => ({
    entry,
    setting: settings.find(({ node }) => node === entry.node) ?? { node: entry.node, error: 'no answer' },
  }));
}
