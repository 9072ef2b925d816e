/** Blockers that a person may accept with `acceptChecks` and a reason: judgement can be better than the check. */
export const acceptableChecks: readonly string[] = [
  /** Rows of `pg_dist_cleanup` that stop moves; a warning where leftovers stop none. */
  'leftovers',
  /** Every node has the present metadata. */
  'metadata-synced',
  /** Every registered node is active and answers. */
  'nodes-active',
  /** Owners of tables may log in and create on every node, as moves do in their name. */
  'owner-rights',
  /** Nothing looks as if Patroni registered the nodes. */
  'patroni',
  /** No pooler stands between us and the coordinator. */
  'pooler',
  /** Moves have prepared transactions free, and none is open for long. */
  'prepared-transactions',
  /** Every table can be moved online: it has a primary key or a replica identity. */
  'replica-identity',
  /** Moves have replication slots free on every node. */
  'replication-slots',
  /** The role may do what the operation does. */
  'role',
  /** Each target has room for what it gets, with a margin. */
  'target-disk',
  /** All nodes have the same PostgreSQL and Citus. */
  'versions',
  /** Moves have WAL senders free on every node. */
  'wal-senders',
  /** Moves have worker processes free on every node. */
  'worker-processes',
  /** A new server has the extensions that the cluster's database has. */
  'new-node-extensions',
  /** A new server's database has the coordinator's encoding and locale. */
  'new-node-locale',
  /** Workers and a new server reach one another. */
  'new-node-mesh',
];

/** Without these nothing can work, whatever the reason. */
const neverAcceptable: readonly string[] = [
  /** The coordinator is registered with an address that other hosts reach. */
  'coordinator-address',
  /** The coordinator answers. */
  'coordinator-reachable',
  /** The coordinator reaches a new server. */
  'coordinator-reaches-new-node',
  /** The coordinator takes writes. */
  'coordinator-writable',
  /** No job or move of others runs. */
  'foreign-job',
  /** The server is a Citus coordinator. */
  'is-coordinator',
  /** The nodes that are to be emptied or removed are workers of this cluster. */
  'leaving-nodes',
  /** No registered standby belongs to a worker that is to be removed. */
  'leaving-standbys',
  /** The config allows to connect to a new server. */
  'new-node-allowed',
  /** A new server has the Citus extension. */
  'new-node-extension',
  /** A new server is neither the coordinator nor a standby. */
  'new-node-is-new',
  /** A new server answers. */
  'new-node-reachable',
  /** A new server takes writes. */
  'new-node-writable',
  /** A new server has the coordinator's PostgreSQL and Citus. */
  'new-node-versions',
  /** Somebody can start the machines that are wanted. */
  'provisioner',
  /** Another node may hold shards. */
  'remaining-workers',
  /** Every shard group of a node that is to be emptied finds a place. */
  'shards-without-place',
  /** No table is unlogged, for those can't be moved online. */
  'unlogged-tables',
  /** `wal_level = logical`, which moves need online. */
  'wal-level',
];

/** These only ever warn or inform: there is nothing to accept. */
const neverBlocking: readonly string[] = [
  /** Of `health`: how evenly the data lies. */
  'balance',
  /** For how long writes will wait with `block_writes`, as an estimate. */
  'blocked-writes',
  /** A setting that an operation raised and, ended by force, did not give back. */
  'borrowed-settings',
  /** Servers have connections to spare. */
  'connections',
  /** The coordinator holds shards, as workers do. */
  'coordinator-shards',
  /** Of `health`: room on every disk. */
  'disk',
  /** Workers that are marked `shouldhaveshards = false`, and what becomes of what they hold. */
  'drained-nodes',
  /** Workers in service that hold no shard. */
  'empty-nodes',
  /** `idle_in_transaction_session_timeout` would end moves that block writes. */
  'idle-timeout',
  /** What becomes of the machine of a worker that is removed. */
  'machine',
  /** How many checks were left out, for an answer has its limits. */
  'more-checks',
  /** The role may see what others do. */
  'monitor-rights',
  /** A new server holds nothing that is in the way. */
  'new-node-clean',
  /** No open transaction has written for so long that moves would wait for it. */
  'old-transactions',
  /** Shards with several placements, which aren't moved. */
  'replicated-shards',
  /** Standbys that are registered. */
  'secondaries',
  /** No distributed table is locked for long. */
  'table-locks',
  /** The role may lower the setting that makes small moves quick. */
  'tune-rights',
  /** The largest move fits into a maintenance window. */
  'window-fits',
];

export const checkIds: readonly string[] = [...acceptableChecks, ...neverAcceptable, ...neverBlocking];
