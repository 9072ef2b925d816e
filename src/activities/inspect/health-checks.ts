import type { NodeCapacity } from '../../citus/capacity.js';
import type { ClusterNode } from '../../citus/nodes.js';
import type { ShardGroup } from '../../citus/shard-groups.js';
import type { Balance, Check, HealthAnswer } from '../../contract/index.js';
import { formatBytes } from '../../planning/format.js';
import type { Found } from '../leftovers/find.js';
import type { Finding } from '../leftovers/finding.js';
import { listed, passed, warning } from '../preflight/check.js';

export function noLeftovers(found: Found, cluster: string): Check {
  const left = found.leftovers;
  if (left.length === 0) {
    const unknown = listed(found.silent.map(({ node }) => node));
    return passed('leftovers', `none of earlier moves${unknown === '' ? '' : `; not known of ${unknown}`}`);
  }
  const first = found.poisoned.length > 0 ? `moves of ${listed(found.poisoned, 3)} would fail; ` : '';
  return warning(
    'leftovers',
    `${first}${left.length} in all: ${listed(left.map(({ node, kind, name }) => `${node}: ${kind} ${name}`))}`,
    left.some(({ remove }) => remove)
      ? `citus-scaler clean ${cluster} --dry-run shows what can be removed and how, citus-scaler clean ${cluster} removes it`
      : listed([...new Set(left.map(({ how }) => how))], 3),
  );
}

/** Said, for who has added a worker and wonders: it takes a move to fill it. */
export function emptyNodes(groups: ShardGroup[], nodes: ClusterNode[]): Check[] {
  const filled = new Set(
    groups.filter(({ colocationId }) => colocationId !== 0).map(({ groupId }) => groupId),
  );
  const empty = nodes.filter(
    ({ role, active, shouldHaveShards, groupId }) =>
      role === 'worker' && active && shouldHaveShards && !filled.has(groupId),
  );
  return empty.length === 0 || filled.size === 0
    ? []
    : [
        passed(
          'empty-nodes',
          `${listed(empty.map(({ node }) => node))}: in service and without shards; a rebalance fills them`,
        ),
      ];
}

/** An operation that was ended by force can't give back what it borrowed. */
export function nothingRaised(raised: Finding[], cluster: string): Check {
  const [first] = raised;
  return first
    ? warning(
        'borrowed-settings',
        `${first.name} on ${listed(raised.map(({ node }) => node))}, though nothing moves and no operation runs`,
        `when nobody means it so: citus-scaler clean ${cluster}, or there: ${first.how}`,
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
