import type { Db } from '../../citus/session/connect.js';
import {
  cpuPressure,
  cpuPressureOfWorkers,
  longestStatement,
  ownStatementIds,
  seesStatements,
  slotLag,
  statementsSchema,
  statementTotals,
} from '../../citus/moving/load.js';
import type { GovernorConfig } from '../../config/index.js';
import { governorLimits, type GovernorLimit, type LoadFigure } from '../../contract/index.js';
import { isPassingError } from '../runtime/classify.js';

/** Reads one figure; undefined when there is none this time, as in the first sample of a difference. */
type Meter = (db: Db, at: number) => Promise<number | undefined>;

/** The meters of those figures that have a limit in the config. */
export interface Meters {
  read: (db: Db, at: number) => Promise<LoadFigure[]>;
  /** Takes the notes on figures that have become unreadable since the last call. Such a figure isn't read again. */
  takeNotes: () => string[];
  readonly hasAny: boolean;
}

/** A figure can't be read, and won't be. */
class UnreadableError extends Error {}

/** Samples from one question to every node to the next. */
const seldomEvery = 5;
/** The most of our own statements that are told apart from the others. */
const maxOwnStatements = 500;

/**
 * Makes a meter for each limit. A figure that can't be read at all is dropped and noted; a trouble that passes is
 * thrown.
 */
export function createMeters(limits: GovernorConfig, startedAt: number): Meters {
  let unreadable: string[] = [];
  const makers: Record<GovernorLimit, () => Meter> = {
    maxStatementSeconds: () => statementMeter(new Date(startedAt).toISOString()),
    maxCpuPressure: () => pressureMeter((note) => unreadable.push(note)),
    maxMeanStatementMs: meanMeter,
    maxLag: () => seldom(slotLag),
  };
  const meters = new Map<GovernorLimit, { limit: number; meter: Meter }>();
  for (const name of governorLimits) {
    const limit = limits[name];
    if (limit !== undefined) meters.set(name, { limit, meter: makers[name]() });
  }
  return {
    get hasAny() {
      return meters.size > 0;
    },
    takeNotes: () => {
      const notes = unreadable;
      unreadable = [];
      return notes;
    },
    async read(db, at) {
      const figures: LoadFigure[] = [];
      for (const [limitedBy, { limit, meter }] of meters) {
        try {
          const value = await meter(db, at);
          if (value !== undefined) figures.push({ limitedBy, value, limit });
        } catch (error) {
          if (!(error instanceof Error) || isPassingError(error)) throw error;
          meters.delete(limitedBy);
          unreadable.push(`movement.governor.${limitedBy} is not used: ${error.message}`);
        }
      }
      return figures;
    },
  };
}

function statementMeter(since: string): Meter {
  let isAllowed: boolean | undefined;
  return async (db) => {
    isAllowed ??= await seesStatements(db);
    if (!isAllowed)
      throw new UnreadableError('the role may not see statements of others: grant it pg_monitor');
    return longestStatement(db, since);
  };
}

/** Percent of the time in which something waited for a CPU, of the host where it was most. */
function pressureMeter(tell: (note: string) => void): Meter {
  const shareSince = createShares();
  let isNoted = false;
  const workerMeter = seldom(async (db, at) => {
    const shares: number[] = [];
    for (const answer of await cpuPressureOfWorkers(db)) {
      const share = 'total' in answer ? shareSince(answer.node, answer.total, at) : undefined;
      if (share !== undefined) shares.push(share);
      if ('total' in answer || isNoted) continue;
      isNoted = true;
      tell(`movement.governor.maxCpuPressure leaves out ${answer.node}: ${answer.error}`);
    }
    return shares.length > 0 ? Math.max(...shares) : undefined;
  });
  return async (db, at) => {
    const total = await cpuPressure(db);
    if (Number.isNaN(total))
      throw new UnreadableError('the coordinator’s kernel counts no pressure (/proc/pressure/cpu)');
    const shares = [shareSince('coordinator', total, at), await workerMeter(db, at)];
    const values = shares.filter((share) => share !== undefined);
    return values.length > 0 ? Math.max(...values) : undefined;
  };
}

/** Turns each host's growing count of microseconds into percent of the time since it was read last. */
function createShares(): (host: string, total: number, at: number) => number | undefined {
  const last = new Map<string, { at: number; total: number }>();
  return (host, total, at) => {
    const before = last.get(host);
    last.set(host, { at, total });
    // After a failover another host counts, from elsewhere.
    if (!before || total < before.total || at <= before.at) return undefined;
    return Math.min(100, (total - before.total) / ((at - before.at) * 10));
  };
}

/** Mean of the statements that ended since the last sample. */
function meanMeter(): Meter {
  let schema: string | undefined;
  const own = new Set<string>();
  let last: { ms: number; calls: number; own: number } | undefined;
  return async (db) => {
    schema ??= await statementsSchema(db);
    if (schema === undefined)
      throw new UnreadableError('the coordinator’s database has no extension pg_stat_statements');
    for (const id of await ownStatementIds(db)) if (own.size < maxOwnStatements) own.add(id);
    const totals = { ...(await statementTotals(db, schema, [...own])), own: own.size };
    const before = last;
    last = totals;
    // Sums over other statements can't be compared; a reset counts anew.
    if (before?.own !== totals.own || totals.calls < before.calls) return undefined;
    return totals.calls === before.calls ? 0 : (totals.ms - before.ms) / (totals.calls - before.calls);
  };
}

/** Reads with each fifth sample only; between them the last answer holds. */
function seldom(meter: Meter): Meter {
  let samples = 0;
  let last: number | undefined;
  return async (db, at) => {
    samples += 1;
    if (samples % seldomEvery !== 1) return last;
    try {
      last = await meter(db, at);
    } catch (error) {
      // With a frozen node it hangs until the statement's time is up.
      if (!isPassingError(error)) throw error;
      last = undefined;
    }
    return last;
  };
}
