/** The kinds of leftovers. */
export const leftoverKinds = [
  /** A shard's table on a node where the catalog has no placement of that shard. */
  'shard table',
  /** Left by a move or split; it keeps WAL for ever. */
  'replication slot',
  /** Left by a move or split. */
  'publication',
  /** Left by a move or split; it tries to connect every 5 s. */
  'subscription',
  /** The role that Citus made for a subscription. */
  'role',
  /** A clean-up that Citus put off and can never do, since the node group is gone. Moves of that shard fail. */
  'pg_dist_cleanup row',
  /** A transaction of Citus's that has been prepared for over a minute. Citus's own recovery commits it or rolls it back. */
  'prepared transaction',
  /** A placement in a node group that has no node. */
  'placement',
  /** A setting that an operation changed for a while and, ended by force, did not give back. */
  'setting',
  /** A session of a server that takes itself for a node of this cluster and is none. */
  'session',
] as const;
/** One of the kinds. */
export type LeftoverKind = (typeof leftoverKinds)[number];

/** One thing that an earlier move or operation, or a server that was removed, left on a node. */
export interface Leftover {
  kind: LeftoverKind;
  /** `host:port` where it is. */
  node: string;
  /** Its name on that node. */
  name: string;
  /** What its removal frees. */
  bytes?: number;
  /** Whether `cleanUp` removes it. */
  removable: boolean;
  /** How `cleanUp` removes it, or why not and what a person can do. */
  how: string;
}
