import type { Balance, OperationReport, OperationStatus, Plan } from '../../../src/contract/index.js';

/** Statuses as workflows give them, to render. Names are long on purpose. */
export const balance = (bytes: number[], skew: number): Balance => ({
  workers: bytes.map((each, index) => ({
    node: `worker-${index + 1}.shop.internal.example.com:5432`,
    shards: Math.round(each / 1e9),
    bytes: each,
    shouldHaveShards: true,
    state: 'active',
  })),
  skew,
  movableShards: 64,
  pinnedShards: 3,
});

export const plan: Plan = {
  hash: '57a1f6728c9efd8a',
  moves: Array.from({ length: 12 }, (_, index) => ({
    shardIds: [102_008 + index],
    tables: ['public.order_lines_of_all_tenants', 'public.orders'],
    from: 'worker-1.shop.internal.example.com:5432',
    to: 'worker-3.shop.internal.example.com:5432',
    bytes: 1_200_000_000,
    mode: 'logical' as const,
  })),
  movesTotal: 24,
  bytes: 28_800_000_000,
  newWorkers: ['worker-3.shop.internal.example.com:5432'],
  removedWorkers: [],
  before: balance([40e9, 44e9, 0], 1.57),
  after: balance([28e9, 29e9, 27e9], 1.04),
  estimateSeconds: {
    low: 640,
    high: 1_900,
    basis: '45 MB/s a lane, 2 at once; the load on the cluster decides',
  },
};

/** A dead worker that only goes with data of its own. */
export const rescue = (accepted: boolean): Plan => ({
  ...plan,
  moves: [],
  movesTotal: 0,
  newWorkers: [],
  removedWorkers: ['db3:5432'],
  rungs: [
    {
      id: 'no-shards',
      possible: false,
      why: 'it holds the only copy of 2 shards',
      losesData: false,
      chosen: false,
    },
    { id: 'give-up-data', possible: true, why: 'made anew, empty', losesData: true, chosen: accepted },
  ],
  loss: {
    sentence: 'lose what only db3:5432 of shop held: it\'s "all", loss 1',
    hash: '1',
    tables: [
      {
        table: "it's",
        shardGroups: 1,
        shardsTotal: 8,
        ranges: ['-5..7'],
        rows: 610,
        bytes: 120_000,
        basis: 'siblings',
      },
      { table: 'a|b', shardGroups: 1, shardsTotal: 1, ranges: [], basis: 'siblings' },
    ],
    tablesTotal: 2,
    shardGroups: 2,
    rows: 610,
  },
});

export const running: OperationStatus = {
  operation: 'shop/scaleOut/20261124T014459Z-c0c6',
  type: 'scaleOut',
  cluster: 'shop',
  state: 'running',
  steps: [
    {
      name: 'Check the cluster',
      state: 'done',
      startedAt: '2026-11-24T01:44:59Z',
      endedAt: '2026-11-24T01:45:00Z',
    },
    {
      name: 'Plan',
      state: 'done',
      startedAt: '2026-11-24T01:45:00Z',
      endedAt: '2026-11-24T01:45:01Z',
      detail: '24 moves, 1 new worker',
    },
    { name: 'Start new workers', state: 'skipped', detail: 'nothing to start' },
    { name: 'Move shards', state: 'running', startedAt: '2026-11-24T01:45:02Z' },
    { name: 'Verify', state: 'pending' },
  ],
  checks: [
    { id: 'wal-level', severity: 'blocker', ok: true, evidence: 'wal_level = logical everywhere' },
    {
      id: 'target-disk',
      severity: 'warning',
      ok: false,
      evidence: 'worker-3.shop.internal.example.com:5432 has 31 GB free, and 27 GB are to arrive there',
      remedy: { text: 'free or add disk space before the movement starts' },
    },
  ],
  plan,
  progress: {
    basis: 'bytes',
    done: 9_000_000_000,
    total: 28_800_000_000,
    percent: 31,
    bytesPerSecond: 45_000_000,
    etaSeconds: 440,
    moving: [
      {
        from: 'worker-1.shop.internal.example.com:5432',
        to: 'worker-3.shop.internal.example.com:5432',
        tables: ['public.order_lines_of_all_tenants', 'public.orders'],
        phase: 'Copying Data',
        copiedBytes: 600_000_000,
        bytes: 1_200_000_000,
        attempt: 2,
        message:
          'server closed the connection unexpectedly while the shard was being copied; trying again in 8 s',
      },
    ],
    movingTotal: 1,
  },
  before: balance([40e9, 44e9, 0], 1.57),
};

export const awaiting: OperationStatus = (({ progress: _, ...rest }) => ({
  ...rest,
  state: 'awaiting-approval' as const,
}))(running);

export const attention: OperationStatus = {
  ...running,
  state: 'needs-attention',
  attention: {
    problem: 'no pg_hba.conf entry for host "10.1.0.7", user "scaler", database "shop", no encryption',
    evidence: 'no pg_hba.conf entry for host "10.1.0.7" (28000)',
    remedies: [
      { text: 'check the user and its password in the config of the worker, then retry', action: 'retry' },
    ],
  },
};

export const paused: OperationStatus = {
  ...running,
  state: 'paused',
  paused: { by: 'ada@ops', reason: 'month-end run' },
};

export const failed: OperationStatus = {
  ...running,
  state: 'failed',
  failure: {
    type: 'PreflightRefused',
    message: 'shop is not ready: wal-level: wal_level is replica on worker-2.shop.internal.example.com:5432',
    evidence: ['wal-level: wal_level is replica on worker-2.shop.internal.example.com:5432'],
    remedies: [{ text: 'set wal_level = logical and restart PostgreSQL, or move with block_writes' }],
  },
};

export const done: OperationReport = {
  ...running,
  state: 'done',
  after: balance([28e9, 29e9, 27e9], 1.04),
  startedAt: '2026-11-24T01:44:59Z',
  endedAt: '2026-11-24T02:02:10Z',
  movedBytes: 28_800_000_000,
  movedShardGroups: 24,
  notes: [
    'wal_retrieve_retry_interval was lowered on worker-3.shop.internal.example.com:5432 and given back afterwards',
  ],
};
