export const leftoverKinds = [
  /** A table of a shard on a node that has no placement of it. */
  'shard table',
  /** Of a move or split that is over; keeps WAL for ever. */
  'replication slot',
  /** Of a move or split that is over. */
  'publication',
  /** Of a move or split that is over; tries again every 5 s. */
  'subscription',
  /** The role of a subscription. */
  'role',
  /** What Citus put off and can never do: its node group is gone, and moves of that shard fail. */
  'pg_dist_cleanup row',
  /** Of Citus, older than a minute; its own recovery commits or rolls it back. */
  'prepared transaction',
  /** In a node group that has no node. */
  'placement',
  /** Raised by an operation that was ended by force. */
  'setting',
  /** Of a server that isn't in the cluster and believes that it is. */
  'session',
] as const;
export type LeftoverKind = (typeof leftoverKinds)[number];

/** What an earlier move, operation or time left on a node. */
export interface Leftover {
  kind: LeftoverKind;
  /** `host:port` where it is. */
  node: string;
  name: string;
  bytes?: number;
  /** Whether `cleanUp` removes it. */
  removable: boolean;
  /** How `cleanUp` removes it, or why not and what a person can do. */
  how: string;
}
