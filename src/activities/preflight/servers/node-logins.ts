import { readLoginReasons, remedyOfRefusal } from '../../../citus/nodes/refused-logins.js';
import { readRefusedOwnWay, readRefusedWays, type RefusedWay } from '../../../citus/nodes/ways.js';
import type { MoveRole } from '../../../citus/roles/move-roles.js';
import { withNode, type Db } from '../../../citus/session/connect.js';
import type { ClusterConfig } from '../../../config/index.js';
import type { Check } from '../../../contract/index.js';
import { readSession } from '../../runtime/context.js';
import { failed, listOf, passed } from '../check.js';

/** Ways whose reason is asked for on the node itself. */
const mostReasons = 3;

/**
 * Checks that nodes can log in to each other as moves do: the acting role copies from the source to the target, the
 * owner of the extension subscribes from the target to the source, and the coordinator logs in to itself as both.
 *
 * @param nodes those that give or take shards
 */
export async function nodeLogins(
  db: Db,
  cluster: ClusterConfig,
  roles: readonly MoveRole[],
  nodes: string[],
): Promise<Check> {
  const asked = roles.filter(({ parts, usable }) => usable && parts.some((part) => part !== 'table owner'));
  const refused: RefusedWay[] = [];
  for (const { role, parts } of asked) {
    const isOwn = parts.includes('acting');
    refused.push(
      ...(await readRefusedOwnWay(db, role, isOwn)),
      ...(await readRefusedWays(db, nodes, role, isOwn)),
    );
  }
  const names = asked.map(({ role }) => role);
  const untried = roles.filter(({ parts, usable }) => !usable && parts.includes('extension owner'));
  if (refused.length === 0)
    return passed(
      'node-logins',
      `${nodes.length} nodes log in to each other, and the coordinator to itself, as ${listOf(names)}${untried.length > 0 ? `; not tried as ${listOf(untried.map(({ role }) => role))}, as whom we may not act` : ''}`,
    );
  const told = [
    ...(await Promise.all(refused.slice(0, mostReasons).map((way) => withReason(cluster, way, roles)))),
    ...refused.slice(mostReasons),
  ];
  const lines = told.map(
    ({ from, to, role, reason }) =>
      `${from} can't log in to ${to} as ${role}: ${reason ?? 'it failed to connect'}`,
  );
  const remedies = new Set(
    told.map(({ from, to, reason }) => remedyOfRefusal(to, reason ?? '', from) ?? letIn),
  );
  return failed('node-logins', listOf(lines, 5), [...remedies].join('; '));
}

const letIn =
  'let them in: firewall and pg_hba.conf of the one that refuses; name resolution, ~/.pgpass (of the server) or certificates of the one that comes';

/** Only the node that comes is told why; so it is asked directly, where we can. */
async function withReason(
  cluster: ClusterConfig,
  way: RefusedWay,
  roles: readonly MoveRole[],
): Promise<RefusedWay> {
  if (way.reason !== undefined) return way;
  const isOwn = roles.some(({ role, parts }) => role === way.role && parts.includes('acting'));
  try {
    const reasons = await withNode(cluster, way.from, readSession('preflight'), (db) =>
      readLoginReasons(db, [way.to], isOwn ? undefined : way.role),
    );
    const reason = reasons.get(way.to);
    return reason === undefined ? way : { ...way, reason };
  } catch {
    return way;
  }
}
