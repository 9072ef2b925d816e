import type { OperationHandle } from '../../../src/client/index.js';
import { flavours } from '../../../sandbox/flavour.js';
import { activitySeconds, largestPayloads } from '../histories.js';
import { pretendManyShards, startManyFaced } from '../many-nodes.js';
import type { Measure } from '../measure.js';
import { withPretence } from '../pretend.js';
import { eventsOf } from '../scale-out.js';

/** 100 workers, 100,000 shards, 5,000 moves to ten new workers: catalog rows, with real checks, plan and history. */
export const largeCluster: Measure = {
  name: 'large-cluster',
  flavours,
  run: async (flavour) => {
    const cluster = await startManyFaced(flavour, 2);
    try {
      const nodes = Array.from(
        { length: 10 },
        (_, index) => `127.9.0.${index + 1}:${cluster.workers[1]?.port ?? 0}`,
      );
      await pretendManyShards(cluster, {
        workers: 100,
        tables: 100,
        shardsPerTable: 1_000,
        moves: 5_000,
        newNodes: nodes,
      });
      return await withPretence(cluster, 0, async ({ client, scaler, usage }) => {
        const input = {
          cluster: 'demo',
          nodes,
          approval: 'auto',
          parallelMoves: 8,
          reason: 'bench',
          // Its nodes are all one server.
          acceptChecks: ['leftovers', 'target-disk', 'metadata-synced', 'node-identity'],
        } as const;
        const start = (more: { dryRun?: boolean }): Promise<OperationHandle> =>
          scaler.scaleOut({ ...input, nodes, acceptChecks: [...input.acceptChecks], ...more });
        // Once for what is only loaded or compiled once.
        await (await start({ dryRun: true })).result();
        const before = usage();
        const dry = await start({ dryRun: true });
        await dry.result();
        const after = usage();
        const dryEvents = await eventsOf(client, dry.id);
        const operation = await start({});
        const report = await operation.result();
        const events = await eventsOf(client, operation.id);
        const { ofRounds, others } = await largestPayloads(client);
        const [preflight = 0, plan = 0] = ['preflight', 'planScaleOut'].map((name) =>
          activitySeconds(dryEvents, name),
        );
        return [
          {
            what: `history of a scale-out of ${report.movedShardGroups} moves`,
            value: events.length,
            unit: 'events',
            goal: { atMost: 8_000 },
          },
          {
            what: 'largest payload that brings the moves of a round, once a round',
            value: ofRounds.bytes / 1024,
            unit: 'KB',
            goal: { atMost: 200 },
            detail: ofRounds.where,
          },
          {
            what: 'largest other payload in any history',
            value: others.bytes / 1024,
            unit: 'KB',
            goal: { atMost: 64 },
            detail: others.where,
          },
          {
            what: '100 workers, 100,000 shards, 5,000 moves: the worker’s own time for preflight and plan',
            value: after.cpuSeconds - before.cpuSeconds,
            unit: 's',
            goal: { atMost: 5 },
            detail: `with the servers’ time: preflight ${preflight.toFixed(1)} s, plan ${plan.toFixed(1)} s`,
          },
          {
            what: 'the worker’s memory for them, above that of an idle one',
            value: after.peak - before.memory,
            unit: 'MB',
            goal: { atMost: 300 },
            detail: `${before.memory.toFixed(0)} MB before, ${after.peak.toFixed(0)} MB at most`,
          },
        ];
      });
    } finally {
      await cluster.stop();
    }
  },
};
