import { afterEach, beforeAll, expect } from 'vitest';
import { checksum, loadData, type Table, type TableChecksum } from '../../../sandbox/data.js';
import type { SandboxNode } from '../../../sandbox/index.js';
import { conform, type ClusterOf } from './flavours.js';
import { jobsOf, type JobQuestions, type Task } from './job-questions.js';
import { holdMoves } from './mover.js';
import { addNode } from './questions.js';

export interface JobStage extends JobQuestions {
  cluster: ClusterOf;
  /** Makes moves last until released, or until the test has ended. */
  hold: () => Promise<void>;
  release: () => Promise<void>;
  /** A job with moves, whatever the tests before have moved. */
  startAny: () => Promise<string>;
  /** One that lasts, in the middle of its first move. */
  startHeld: () => Promise<{ job: string; task: Task }>;
}

/** Tests with background jobs on a cluster with three workers, one of them without shards at first. */
export function conformJobs(subject: string, tests: (stage: JobStage) => void): void {
  conform(
    subject,
    { settings: { 'citus.background_task_queue_interval': '200ms' } },
    (cluster) => loadData(cluster, { shards: 8, tenants: 80, events: 500 }),
    (cluster) => {
      let before: Record<Table, TableChecksum>;
      let extra: { id: number; node: SandboxNode };
      let held: (() => Promise<void>) | undefined;
      const jobs = jobsOf(cluster);

      const hold = async (): Promise<void> => {
        held = await holdMoves(
          cluster(),
          cluster().workers.map(({ port }) => port),
        );
      };
      const release = async (): Promise<void> => {
        await held?.();
        held = undefined;
      };

      beforeAll(async () => {
        before = await checksum(cluster());
        const node = await cluster().addNode();
        extra = { id: await addNode(cluster(), node), node };
      });

      afterEach(async () => {
        await release();
        for (const node of [cluster().coordinator, ...cluster().workers]) await node.start();
        await jobs.end();
        expect(await checksum(cluster())).toEqual(before);
      });

      /**
       * Drains the third worker when it has several shard groups, else fills it: whatever a job that was cancelled in
       * the middle has left there, there are moves enough.
       */
      const startAny = async (): Promise<string> => {
        const shardGroups = await cluster().query(
          `SELECT DISTINCT colocationid, shardminvalue FROM pg_dist_shard JOIN pg_dist_partition USING (logicalrelid)
             JOIN pg_dist_placement USING (shardid) JOIN pg_dist_node USING (groupid)
           WHERE nodeid = $1 AND logicalrelid <> 'plans'::regclass`,
          [extra.id],
        );
        const drain = shardGroups.length > 2;
        await cluster().query(`SELECT citus_set_node_property('127.0.0.1', $1, 'shouldhaveshards', $2)`, [
          extra.node.port,
          !drain,
        ]);
        return jobs.start(`drain_only := ${drain}`);
      };

      tests({
        ...jobs,
        cluster,
        hold,
        release,
        startAny,
        startHeld: async () => {
          await hold();
          const job = await startAny();
          return { job, task: await jobs.untilMoving(job) };
        },
      });
    },
  );
}
