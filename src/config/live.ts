import { statSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import type { ClusterConfig, Config } from './config.js';
import { loadConfig } from './load.js';

/** A config that follows its file. */
export interface LiveConfig {
  readonly current: Config;
  /**
   * Looks at the file. What has changed is taken up at the second look that finds it as it is: an editor may be writing.
   * Answers what came of a change: absent `notTaken`, it is `current` now.
   */
  look: () => { notTaken?: string } | undefined;
}

/**
 * Reads the config, and reads it again when its file has changed. A file with mistakes changes nothing. Nor does one that
 * leaves a cluster out, or means another database by its name: an operation that runs would go on in the wrong place, so
 * that takes a restart.
 *
 * @throws ConfigError at the first reading
 */
export function liveConfig(file: string): LiveConfig {
  let settled = stampOf(file);
  let seen = settled;
  let current = loadConfig(file);
  return {
    get current() {
      return current;
    },
    look: () => {
      const stamp = stampOf(file);
      const isSteady = stamp === seen;
      seen = stamp;
      if (!isSteady || stamp === settled) return undefined;
      settled = stamp;
      try {
        const next = loadConfig(file);
        const why = needsRestart(current, next);
        if (why !== undefined) throw new Error(why);
        current = next;
        return {};
      } catch (error) {
        const notTaken = error instanceof Error ? error.message : String(error);
        current = { ...current, notTaken };
        return { notTaken };
      }
    },
  };
}

/** Changes with each change of the file, also where a link leads to another one. */
function stampOf(file: string): string {
  try {
    const { ino, mtimeMs, size } = statSync(file);
    return `${ino} ${mtimeMs} ${size}`;
  } catch {
    return 'away';
  }
}

/** What can't be taken up while operations run, if anything. */
function needsRestart(before: Config, after: Config): string | undefined {
  for (const cluster of before.clusters) {
    const next = after.clusters.find(({ name }) => name === cluster.name);
    if (!next) return `it names no cluster ${cluster.name} any more: restart the worker if that is meant`;
    if (!isDeepStrictEqual(placeOf(cluster), placeOf(next)))
      return `it names another coordinator, database or lockName for ${cluster.name}: restart the worker if that is meant`;
  }
  return undefined;
}

function placeOf({ hosts, port, database, lockName }: ClusterConfig): unknown {
  return { hosts, port, database, lockName };
}
