/** Blockers that a person may accept with `acceptChecks` and a reason: judgement can be better than the check. */
export const acceptableChecks: readonly string[] = [
  'coordinator-address',
  'leftovers',
  'metadata-synced',
  'nodes-active',
  'old-transactions',
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
  'new-node-clean',
];

/** Without these nothing can work, whatever the reason. */
const neverAcceptable: readonly string[] = [
  'coordinator-reachable',
  'coordinator-reaches-new-node',
  'coordinator-writable',
  'foreign-job',
  'is-coordinator',
  'new-node-allowed',
  'new-node-extension',
  'new-node-is-new',
  'new-node-reachable',
  'new-node-writable',
  'new-node-versions',
  'provisioner',
  'wal-level',
];

export const checkIds: readonly string[] = [...acceptableChecks, ...neverAcceptable];
