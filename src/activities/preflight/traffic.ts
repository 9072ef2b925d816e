import type { NodeCapacity } from '../../citus/capacity.js';
import type { Db } from '../../citus/connect.js';
import { operationPrefix } from '../../citus/application-name.js';
import { readJobs, readMovingSessions } from '../../citus/jobs.js';
import { readCleanupRecords } from '../../citus/leftovers.js';
import { readTableLocks } from '../../citus/table-locks.js';
import type { Check } from '../../contract/index.js';
import { blocker, listed, passed, warning } from './check.js';

/** Citus refuses neither a job beside a move nor the reverse, so we do. */
export async function foreignJob(db: Db, operationId: string | undefined): Promise<Check> {
  const own = operationId === undefined ? undefined : operationPrefix(operationId);
  const found = [...(await readJobs(db)), ...(await readMovingSessions(db, own))];
  if (found.length === 0) return passed('foreign-job', 'no job, rebalance or move by others');
  const said = found.map(
    ({ description, state, startedAt }) =>
      `${description}, ${state}, since ${startedAt ?? 'not yet started'}`,
  );
  return blocker(
    'foreign-job',
    listed(said),
    'wait until it has ended, or end it: select citus_job_cancel(<job id>)',
  );
}

export async function leftovers(db: Db, capacities: NodeCapacity[], busy: boolean): Promise<Check> {
  const { lost, examples, deferred } = await readCleanupRecords(db);
  if (lost > 0) {
    return blocker(
      'leftovers',
      `${lost} rows of pg_dist_cleanup name node groups that are gone: moves of these shards would fail (${listed(examples)})`,
      'when the server of that group is wiped or will not come back: DELETE FROM pg_dist_cleanup WHERE node_group_id NOT IN (SELECT groupid FROM pg_dist_node)',
    );
  }
  // While someone moves shards these are no leftovers.
  const names = busy
    ? []
    : capacities.flatMap((each) =>
        'error' in each ? [] : each.capacity.moveLeftovers.map((name) => `${each.node}: ${name}`),
      );
  if (names.length > 0)
    return warning(
      'leftovers',
      `of earlier moves: ${listed(names)}`,
      'Citus removes them with the next clean-up: call citus_cleanup_orphaned_resources()',
    );
  return passed(
    'leftovers',
    deferred > 0
      ? `${deferred} drops of moved shards are put off by Citus, as usual`
      : 'none of earlier moves',
  );
}

/** Sizes, plans and moves wait for whoever holds a table exclusively: DDL, LOCK TABLE, a forgotten transaction. */
export async function tableLocks(db: Db): Promise<Check> {
  const locks = await readTableLocks(db);
  return locks.length === 0
    ? passed('table-locks', 'no distributed table is locked exclusively for longer than 5 s')
    : warning(
        'table-locks',
        `moves will wait for ${listed(locks.map(({ pid, table, seconds, tag }) => `process ${pid} (${tag}), which has locked ${table} for ${seconds} s`))}`,
        'end these sessions, or wait until they have ended',
      );
}
