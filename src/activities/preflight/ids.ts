/** Blockers that a person may accept with `acceptChecks` and a reason: judgement can be better than the check. */
export const acceptableChecks: readonly string[] = [
  'leftovers',
  'metadata-synced',
  'nodes-active',
  'owner-rights',
  'patroni',
  'pooler',
  'prepared-transactions',
  'replica-identity',
  'replication-slots',
  'role',
  'target-disk',
  'versions',
  'wal-senders',
  'worker-processes',
  'new-node-extensions',
  'new-node-locale',
  'new-node-mesh',
];

/** Without these nothing can work, whatever the reason. */
const neverAcceptable: readonly string[] = [
  'coordinator-address',
  'coordinator-reachable',
  'coordinator-reaches-new-node',
  'coordinator-writable',
  'foreign-job',
  'is-coordinator',
  'leaving-nodes',
  'leaving-standbys',
  'new-node-allowed',
  'new-node-extension',
  'new-node-is-new',
  'new-node-reachable',
  'new-node-writable',
  'new-node-versions',
  'provisioner',
  'remaining-workers',
  'shards-without-place',
  'strategy',
  'unlogged-tables',
  'wal-level',
];

/** These only ever warn or inform: there is nothing to accept. */
const neverBlocking: readonly string[] = [
  'connections',
  'coordinator-shards',
  'drained-nodes',
  'blocked-writes',
  'empty-nodes',
  'idle-timeout',
  'machine',
  'monitor-rights',
  'new-node-clean',
  'old-transactions',
  'replicated-shards',
  'secondaries',
  'table-locks',
  'tune-rights',
];

export const checkIds: readonly string[] = [...acceptableChecks, ...neverAcceptable, ...neverBlocking];
