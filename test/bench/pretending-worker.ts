// node --import tsx test/bench/pretending-worker.ts CONFIG ADDRESS SECONDS: a worker whose workflows, checks and plans
// are real, and whose changes to the cluster are not made: each batch of moves takes so many seconds.
import { fileURLToPath } from 'node:url';
import { Context } from '@temporalio/activity';
import { Client } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { createActivities } from '../../src/activities/index.js';
import { sharedActivityBehaviour } from '../../src/activities/runtime/interceptor.js';
import type { BatchOrder, BatchResult } from '../../src/activities/moving/move-group.js';
import { loadConfig } from '../../src/config/index.js';
import { taskQueue } from '../../src/contract/index.js';
import type { OperationRequest } from '../../src/contract/internal/request.js';

const [, , configFile = '', address = '', seconds = '0'] = process.argv;
Runtime.install({ logger: new DefaultLogger('WARN'), shutdownSignals: ['SIGTERM'] });
const connection = await NativeConnection.connect({ address });
const client = new Client({ connection });
const real = createActivities({
  config: loadConfig(configFile),
  client,
  namespace: 'default',
  searchAttributes: ['CitusCluster', 'CitusOperation', 'CitusState', 'CitusNodes'],
});
const done = (): Promise<void> => Promise.resolve();
const worker = await Worker.create({
  connection,
  taskQueue,
  workflowsPath: fileURLToPath(new URL('../../src/workflows/index.ts', import.meta.url)),
  activities: {
    ...real,
    registerNodes: done,
    replicateReferenceTables: done,
    lowerSettings: () => Promise.resolve({ notes: [] }),
    giveBackSettings: () => Promise.resolve({ left: [] }),
    planRemainder: () => Promise.resolve({ round: { nodes: [], labels: [], moves: [] }, movesTotal: 0 }),
    verifyScaleOut: async ({ request }: { request: OperationRequest<'scaleOut'> }) => {
      const { plan } = await real.planScaleOut({ request });
      return { after: plan.after, notes: [], detail: 'pretended' };
    },
    moveShardGroups: async ({ shardIds, bytes }: BatchOrder): Promise<BatchResult> => {
      if (seconds !== '0') await Context.current().sleep(`${Number(seconds)}s`);
      const movedBytes = bytes.reduce((sum, each) => sum + each, 0);
      return { movedShardGroups: shardIds.length, movedBytes, left: [], notes: [] };
    },
  },
  interceptors: { activity: [sharedActivityBehaviour(client)] },
  maxHeartbeatThrottleInterval: '2s',
  stickyQueueScheduleToStartTimeout: '1s',
});
process.stdout.write('worker ready\n');
await worker.run();
