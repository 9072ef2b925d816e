import { addressOf, formatAddress } from '../../text/address.js';
import { addressSql } from '../session/address-sql.js';
import type { Db } from '../session/db.js';
import type { ClusterNode } from './nodes.js';
import { readRegistration } from './registration.js';

/** A node whose address changes: another server takes the place of the one that was there. */
export interface Succession {
  nodeId: number;
  groupId: number;
  /** `host:port` of the server that is dead, and of the one that takes its place. */
  from: string;
  to: string;
}

/** The rows of the nodes are not as they were when it was planned. */
export class NodeRowsChangedError extends Error {
  override readonly name = 'NodeRowsChangedError';
}

/** Seconds that a lock is waited for. Citus ends what holds it after {@link patienceMs}. */
const lockSeconds = 15;
const patienceMs = 5_000;

/**
 * How the row of a registered standby is called that has become its group's primary: the row itself can't be removed before
 * all nodes know of the change.
 */
export function demotedName(from: string): string {
  const { host, port } = addressOf(from);
  return formatAddress({ host: `${host}-demoted`, port });
}

/** Whether the node has the new address already. */
export async function isPointed(db: Db, { nodeId, to }: Succession): Promise<boolean> {
  return (await readRegistration(db, to))?.nodeId === nodeId;
}

/**
 * What an earlier attempt has pointed at another server already; whether anything of it is left to do is not known.
 *
 * @param from `host:port` of the server that was there
 * @param named servers that may be in its place: one that was registered as its standby is known without
 */
export function earlierSuccession(
  nodes: readonly ClusterNode[],
  from: string,
  named: readonly string[],
): Succession | undefined {
  const is = (node: string, other: string): boolean => node.toLowerCase() === other.toLowerCase();
  if (nodes.some(({ node }) => is(node, from))) return undefined;
  const demoted = nodes.find(({ node, role }) => role === 'secondary' && is(node, demotedName(from)));
  const successor = nodes.find(
    ({ node, role, groupId }) =>
      role === 'worker' && (demoted ? groupId === demoted.groupId : named.some((each) => is(node, each))),
  );
  return successor && { nodeId: successor.nodeId, groupId: successor.groupId, from, to: successor.node };
}

/**
 * Points a node at another server, in one transaction, or finds it so. Where that one is registered as a standby, its row
 * is moved aside: two rows of one address are refused (measured, docs/citus.md). Nothing is prepared by it: the other nodes
 * are told by Citus's daemon, soon after.
 *
 * @throws NodeRowsChangedError, and nothing is changed
 */
export async function pointAt(db: Db, { nodeId, groupId, from, to }: Succession): Promise<void> {
  await db.query('BEGIN');
  try {
    await db.query(`SET LOCAL lock_timeout = '${lockSeconds}s'`);
    // Two of us wait for each other here.
    await db.query('LOCK TABLE pg_dist_node IN SHARE ROW EXCLUSIVE MODE');
    const rows = await db.query<{ id: number; groupId: number; node: string; role: string }>(
      `SELECT nodeid AS id, groupid AS "groupId", ${addressSql()} AS node, noderole::text AS role FROM pg_dist_node`,
    );
    const is = (node: string, address: string): boolean => node.toLowerCase() === address.toLowerCase();
    const own = rows.find(({ id }) => id === nodeId);
    if (own && is(own.node, to)) {
      await db.query('ROLLBACK');
      return;
    }
    if (!own || !is(own.node, from))
      throw new NodeRowsChangedError(`node ${nodeId} is ${own?.node ?? 'gone'} by now, not ${from}`);
    const twin = rows.find(({ node }) => is(node, to));
    if (twin && (twin.role === 'primary' || twin.groupId !== groupId))
      throw new NodeRowsChangedError(`${to} is registered as another node by now`);
    if (twin) await update(db, twin.id, demotedName(from), false);
    await update(db, nodeId, to, true);
    await db.query('COMMIT');
  } catch (error) {
    await db.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

async function update(db: Db, nodeId: number, node: string, force: boolean): Promise<void> {
  const { host, port } = addressOf(node);
  await db.query('SELECT citus_update_node($1, $2, $3, $4, $5)', [nodeId, host, port, force, patienceMs]);
}
