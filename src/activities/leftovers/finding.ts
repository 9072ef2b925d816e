import type { Db } from '../../citus/session/db.js';
import type { Refusal } from '../../citus/leftovers/removal.js';
import type { Leftover, LeftoverKind } from '../../contract/index.js';

/** A leftover, with what removes it: nothing, where that isn't for us to decide. */
export interface Finding extends Omit<Leftover, 'removable'> {
  remove?: (db: Db) => Promise<Refusal>;
  /** Key of another finding that proves this one: it goes after it. */
  proof?: string;
  /** It shows that a server works as a node of this cluster, and is none. */
  isStranger?: true;
}

/** The leftover as a plan and `health` show it. */
export function leftoverOf({ remove, ...rest }: Finding): Leftover {
  const { kind, node, name, bytes, how } = rest;
  return {
    kind,
    node,
    name,
    ...(bytes === undefined ? {} : { bytes }),
    removable: remove !== undefined,
    how,
  };
}

/** The identity of a leftover, from one look to the next. */
export type Item = Pick<Leftover, 'kind' | 'node' | 'name'>;

/** The identity of a leftover as one text, for sets and maps. */
export function keyOf({ kind, node, name }: Item): string {
  return `${kind} ${node} ${name}`;
}

/**
 * The order of removal: nothing writes into a table any more when it is dropped, and a role owns no subscription.
 */
const order: readonly LeftoverKind[] = [
  'prepared transaction',
  'subscription',
  'replication slot',
  'publication',
  'role',
  'shard table',
  'pg_dist_cleanup row',
  'setting',
  'placement',
  'session',
];

/** Sorts findings so that each can be removed when its turn comes. */
export function inRemovalOrder(findings: Finding[]): Finding[] {
  return findings.toSorted((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
}
