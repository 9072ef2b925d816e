import type { NodeCapacity } from '../../citus/capacity.js';
import type { ForeignWork } from '../../citus/jobs.js';
import type { CleanupRecords } from '../../citus/leftovers.js';
import type { NodeSetting } from '../../citus/node-settings.js';
import type { Balance, Check, HealthAnswer } from '../../contract/index.js';
import { formatBytes } from '../../planning/format.js';
import { listed, passed, warning } from '../preflight/check.js';

type Leftover = HealthAnswer['leftovers'][number];

/** What earlier moves left behind: rows that can't succeed always; while something moves, its objects are none. */
export function leftoversOf(
  capacities: NodeCapacity[],
  cleanup: CleanupRecords,
  coordinator: string,
  busy: boolean,
): Leftover[] {
  const rows = cleanup.lost > 0 ? cleanup.examples : [];
  const objects = busy
    ? []
    : capacities.flatMap((each) =>
        'error' in each
          ? []
          : each.capacity.moveLeftovers.map((name) => ({
              kind: name.split(' ').slice(0, -1).join(' '),
              node: each.node,
              name: name.split(' ').at(-1) ?? name,
            })),
      );
  return [...rows.map((name) => ({ kind: 'pg_dist_cleanup row', node: coordinator, name })), ...objects];
}

export function noLeftovers(leftovers: Leftover[], cleanup: CleanupRecords): Check {
  if (cleanup.lost > 0) {
    return warning(
      'leftovers',
      `${cleanup.lost} rows of pg_dist_cleanup name node groups that are gone: moves of these shards would fail`,
      'when no such server comes back: DELETE FROM pg_dist_cleanup WHERE node_group_id NOT IN (SELECT groupid FROM pg_dist_node)',
    );
  }
  return leftovers.length > 0
    ? warning(
        'leftovers',
        `of earlier moves: ${listed(leftovers.map(({ node, kind, name }) => `${node}: ${kind} ${name}`))}`,
        'CALL citus_cleanup_orphaned_resources()',
      )
    : passed('leftovers', 'none of earlier moves');
}

/** An operation that was ended by force can't give back what it borrowed. */
export function nothingRaised(settings: NodeSetting[], jobs: ForeignWork[]): Check {
  const raised = settings.flatMap((each) => ('error' in each || each.owners !== '100ms' ? [] : [each.node]));
  return raised.length > 0 && jobs.length === 0
    ? warning(
        'borrowed-settings',
        `wal_retrieve_retry_interval = 100ms on ${listed(raised)}, though nothing moves`,
        'when no operation runs: ALTER SYSTEM RESET wal_retrieve_retry_interval; SELECT pg_reload_conf(); there',
      )
    : passed('borrowed-settings', 'no setting is left raised');
}

/** Prepared transactions that nobody finished hold back vacuum everywhere, and moves for ever. */
export function nonePrepared(capacities: NodeCapacity[]): Check {
  const old = capacities.flatMap((each) =>
    'error' in each || each.capacity.preparedOld === 0 ? [] : [`${each.node}: ${each.capacity.preparedOld}`],
  );
  return old.length > 0
    ? warning(
        'prepared-transactions',
        `older than a minute: ${listed(old)}`,
        'commit or roll back what pg_prepared_xacts lists there; those of Citus are finished by its own recovery',
      )
    : passed('prepared-transactions', 'none is older than a minute');
}

export function roomOnDisk(capacities: NodeCapacity[]): Check {
  const full = capacities.flatMap((each) => {
    if ('error' in each) return [];
    const { diskAvailable: free, diskTotal: total } = each.capacity;
    return free !== null && total !== null && free < total * 0.15
      ? [`${each.node}: ${formatBytes(free)} of ${formatBytes(total)} free`]
      : [];
  });
  return full.length > 0
    ? warning('disk', listed(full), 'add disk space or workers; Citus wants 10 % free after a move')
    : passed('disk', '15 % or more free on every node that tells');
}

export function even({ skew }: Balance, sized: boolean): Check {
  if (!sized) {
    return warning(
      'balance',
      'sizes could not be read within 10 s: a node is silent, or a table is locked',
      'look again when that has passed',
    );
  }
  if (skew === 0) return passed('balance', 'no data yet');
  const said = `the fullest worker holds ${skew.toFixed(2)} times the mean`;
  return skew > 1.5 ? warning('balance', said, 'a rebalance would spread the data') : passed('balance', said);
}

export function verdictOf(checks: Check[]): HealthAnswer['verdict'] {
  if (checks.some(({ ok, severity }) => !ok && severity === 'blocker')) return 'bad';
  return checks.some(({ ok }) => !ok) ? 'attention' : 'good';
}
