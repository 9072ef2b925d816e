import {
  ApplicationFailure,
  CancelledFailure,
  condition,
  defineQuery,
  defineUpdate,
  isCancellation,
  proxyActivities,
  setHandler,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import {
  updateNames,
  type HealthAnswer,
  type InspectAnswer,
  type InspectInput,
  type OperationReport,
  type OperationStatus,
  type ScaleOutInput,
} from '../../../src/contract/index.js';

const { move } = proxyActivities<{ move: () => Promise<void> }>({
  startToCloseTimeout: '1m',
  heartbeatTimeout: '10s',
});

const plan = {
  hash: '3f9c2a',
  moves: [],
  movesTotal: 0,
  bytes: 0,
  newWorkers: ['new worker 1'],
  removedWorkers: [],
  before: { workers: [], skew: 0, movableShards: 0, pinnedShards: 0 },
  after: { workers: [], skew: 0, movableShards: 0, pinnedShards: 0 },
};

/** Does what its `reason` says, as a scale-out shows itself to a client. Touches nothing. */
export async function scaleOut(input: ScaleOutInput): Promise<OperationReport> {
  const wish = input.reason ?? 'done';
  const startedAt = new Date().toISOString();
  const status: OperationStatus = {
    operation: workflowInfo().workflowId,
    type: 'scaleOut',
    cluster: input.cluster,
    state: 'running',
    steps: [{ name: 'Move shards', state: 'running', startedAt }],
    checks:
      wish === 'blocked' ? [{ id: 'wal-level', severity: 'blocker', ok: false, evidence: 'replica' }] : [],
    plan,
  };
  let answer: string | undefined;
  setHandler(defineQuery<OperationStatus>('status'), () => status);
  for (const name of updateNames) {
    setHandler(
      defineUpdate<null, [{ by: string; planHash?: string }]>(name),
      () => {
        answer = name;
        return null;
      },
      {
        validator: ({ planHash }) => {
          if (planHash !== undefined && planHash !== plan.hash) {
            throw ApplicationFailure.nonRetryable(`${planHash} is not the present plan`, 'PlanChanged');
          }
        },
      },
    );
  }
  try {
    if (wish === 'approval' || wish === 'attention') {
      status.state = wish === 'approval' ? 'awaiting-approval' : 'needs-attention';
      if (wish === 'attention')
        status.attention = { problem: 'disk full', evidence: '3 MB free', remedies: [{ text: 'free some' }] };
      await condition(() => answer !== undefined);
      delete status.attention;
      if (answer === 'reject') throw ApplicationFailure.nonRetryable('rejected by test', 'PlanRejected', {});
    }
    if (wish === 'moving') {
      status.progress = { basis: 'bytes', done: 100, total: 1_000, percent: 10, moving: [], movingTotal: 1 };
      await move();
    }
    if (wish === 'open') await condition(() => false);
    if (wish === 'open until an update') await condition(() => answer !== undefined);
  } catch (error) {
    if (!isCancellation(error)) throw error;
    status.state = 'cancelled';
    throw new CancelledFailure('cancelled');
  }
  if (/^(late )?fail /.test(wish)) {
    status.state = 'failed';
    // As an operation that keeps its report before it ends.
    if (wish.startsWith('late')) await sleep('3s');
    throw ApplicationFailure.nonRetryable('it went wrong', wish.replace(/^(late )?fail /, ''), {
      cluster: input.cluster,
      evidence: ['what was seen'],
      remedies: [{ text: 'what to do' }],
    });
  }
  status.state = 'done';
  return {
    ...status,
    startedAt,
    endedAt: new Date().toISOString(),
    movedBytes: 0,
    movedShardGroups: 0,
    notes: [],
  };
}

/** Two pages of clusters; "shop" is well, "away" can't be reached, no other is known. */
export function inspect({ what, cluster, page = 1 }: InspectInput): Promise<InspectAnswer> {
  if (cluster === 'away')
    throw ApplicationFailure.nonRetryable('connect ECONNREFUSED 10.0.0.1:5432', 'Passing');
  if (cluster === 'shop' && what === 'health') return Promise.resolve(health);
  if (cluster === 'shop' && what === 'preflight') {
    return Promise.resolve({ cluster, for: 'scaleOut', checks: [], blockers: 0 });
  }
  if (what !== 'clusters') throw ApplicationFailure.nonRetryable('no such cluster', 'UnknownCluster');
  const entry = {
    name: `shop${page}`,
    coordinator: 'db0:5432',
    database: 'shop',
    provisioner: 'none',
    approval: 'auto',
  } as const;
  return Promise.resolve(page === 1 ? { clusters: [entry], nextPage: 2 } : { clusters: [entry] });
}

const health: HealthAnswer = {
  cluster: 'shop',
  verdict: 'good',
  versions: { citus: '13.2.2', postgres: '15.1' },
  nodes: [],
  nodesTotal: 0,
  balance: plan.before,
  jobs: [],
  leftovers: [],
  leftoversTotal: 0,
  checks: [],
};

/** The other operations show themselves to a client in the same way. */
export {
  scaleOut as cleanUp,
  scaleOut as drainWorker,
  scaleOut as emergencyRemoveWorker,
  scaleOut as isolateWorker,
  scaleOut as rebalance,
  scaleOut as removeWorker,
  scaleOut as salvageWorker,
  scaleOut as replaceWorker,
};
