import type { Db } from '../../../citus/session/connect.js';
import { operationPrefix } from '../../../citus/session/application-name.js';
import { endStatement, readJobs, readMovingSessions, type ForeignWork } from '../../../citus/moving/jobs.js';
import { readTableLocks } from '../../../citus/moving/table-locks.js';
import { does, type Advice, type Check, type Remedy } from '../../../contract/index.js';
import { count } from '../../../text/figures.js';
import type { LeftoverReport } from '../../leftovers/find.js';
import type { Finding } from '../../leftovers/finding.js';
import type { Intent } from '../intent.js';
import { failed, listOf, passed, warning } from '../check.js';

/** Checks that nobody else moves data: Citus refuses neither a job beside a move nor the reverse, so we do. */
export async function foreignJob(db: Db, operationId: string | undefined): Promise<Check> {
  const own = operationId === undefined ? undefined : operationPrefix(operationId);
  const others = [...(await readJobs(db)), ...(await readMovingSessions(db, own))];
  if (others.length === 0) return passed('foreign-job', 'no job, rebalance or move by others');
  const lines = others.map(
    ({ description, state, startedAt }) =>
      `${description}, ${state}, ${startedAt === undefined ? 'not started yet' : `since ${startedAt}`}`,
  );
  return failed('foreign-job', listOf(lines), endOf(others));
}

/** An operation of ours is ended by its own cancel: it would begin anew what is ended at the server. */
function endOf(others: ForeignWork[]): Advice {
  const statements = others.flatMap((work) => endStatement(work) ?? []);
  return statements.length > 0
    ? `wait until it has ended, or end it, on the coordinator: ${statements.slice(0, 10).join('; ')};`
    : does('list', 'wait until it has ended, or cancel that operation: the list names it');
}

/** Checks what earlier moves left. A row of a group that is gone makes every move of the shard fail that it names (measured). */
export function leftovers(report: LeftoverReport, cluster: string, { moves }: Intent): Check {
  const { poisoned, silent, deferred } = report;
  const remedy = cleanUpFirst(cluster);
  if (moves && poisoned.length > 0)
    return failed(
      'leftovers',
      `${count(poisoned.length, 'shard')} can't be moved: pg_dist_cleanup still has rows for them, of node groups that are gone: ${listOf(poisoned)}`,
      remedy,
    );
  const names = report.leftovers.map(({ node, kind, name }) => `${node}: ${kind} ${name}`);
  if (names.length > 0)
    return warning('leftovers', `${count(names.length, 'leftover')}: ${listOf(names)}`, remedy);
  const unknown = silent.length > 0 ? `; ${listOf(silent.map(({ node }) => node))} could not be asked` : '';
  return passed(
    'leftovers',
    deferred > 0
      ? `${count(deferred, 'drop')} of moved shards put off by Citus, as usual${unknown}`
      : `no leftovers${unknown}`,
  );
}

/** The remedy that cleans up. A dry run, since what is dropped is gone: whoever has read it leaves that out. */
export function cleanUpFirst(cluster: string): Remedy {
  return does('cleanUp', 'see what can be removed and how, then remove it', { cluster, dryRun: true });
}

/**
 * Fails for settings that are still lowered: an operation that was ended by force with its lock keeper can't give them
 * back.
 */
export function noTemporarySettings(findings: Finding[], cluster: string): Check {
  const [first] = findings;
  return first
    ? failed(
        'temporary-settings',
        `${first.name} is still set on ${listOf(findings.map(({ node }) => node))}, though nothing moves and no other operation runs`,
        does('cleanUp', `if nobody wants it so, clean up, or run on that node: ${first.how}`, { cluster }),
      )
    : passed('temporary-settings', 'no setting is left lowered');
}

/** Checks for tables that are locked. Sizes, plans and moves wait for whoever holds a table exclusively: DDL, LOCK TABLE, a forgotten transaction. */
export async function tableLocks(db: Db): Promise<Check> {
  const locks = await readTableLocks(db);
  return locks.length === 0
    ? passed('table-locks', 'no distributed table is locked exclusively for longer than 5 s')
    : failed(
        'table-locks',
        `moves will wait for ${listOf(locks.map(({ pid, table, seconds, tag }) => `process ${pid} (${tag}), which has locked ${table} for ${seconds} s`))}`,
        'end these sessions, or wait until they have ended',
      );
}
