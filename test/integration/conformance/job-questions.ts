import type pg from 'pg';
import type { SandboxCluster } from '../../../sandbox/index.js';
import type { ClusterOf } from './flavours.js';
import { until } from './questions.js';

export interface Task {
  id: string;
  status: string;
  command: string;
  pid: number | null;
  retries: number;
  message: string;
  /** Seconds until it may run. */
  wait: number;
  nodes: number[] | null;
  dependsOn: string[];
  /** Of the shards that it moves. */
  colocation: string | null;
  move?: { shard: string; from: number; to: number };
}

type Asker = Pick<pg.Client, 'query'>;

export interface JobQuestions {
  start: (options: string) => Promise<string>;
  state: (job: string) => Promise<string | undefined>;
  tasksOf: (job: string, asker?: Asker) => Promise<Task[]>;
  untilTask: (job: string, id: string, test: (task: Task) => boolean) => Promise<Task>;
  untilMoving: (job: string) => Promise<Task>;
  hurry: (job: string) => Promise<boolean>;
  cancel: (job: string) => Promise<void>;
  end: () => Promise<void>;
  colocated: (shard: string, table: string) => Promise<string | undefined>;
}

/** Whether there is no job that may still do something. */
export async function noJob(cluster: SandboxCluster): Promise<boolean> {
  const open = await cluster.query(
    `SELECT FROM pg_dist_background_job WHERE state NOT IN ('finished', 'cancelled', 'failed')`,
  );
  return open.length === 0;
}

/** Tasks of a job that have not ended, and what the coordinator does and waits for: the cause of a rare failure is gone later. */
async function doings(cluster: SandboxCluster, tasks: Task[]): Promise<object> {
  return {
    tasks: tasks.filter(({ status }) => !['done', 'cancelled', 'blocked'].includes(status)),
    sessions: await cluster.query(
      `SELECT pid, backend_type, application_name, state, wait_event_type, wait_event, pg_blocking_pids(pid) AS blocked_by,
         left(query, 200) AS query
       FROM pg_stat_activity WHERE backend_type ~ 'client|itus' AND pid <> pg_backend_pid()`,
    ),
  };
}

/**
 * Citus 13.2 loses a cancel that comes in the first milliseconds of a task, before its process can be signalled (a
 * WARNING is all that tells). Its monitor then waits for the process in a transaction of its own, and when the task
 * makes a replication slot on the coordinator, that waits for the monitor's transaction: for ever.
 */
async function endLostTask(cluster: SandboxCluster, job: string): Promise<void> {
  await cluster.query(
    `SELECT pg_cancel_backend(pid) FROM pg_stat_activity
     WHERE backend_type LIKE 'Citus Background Task Queue Executor: % for (' || $1 || '/%)'`,
    [job],
  );
}

/** What tests ask of background jobs, and do with them. */
export function jobsOf(cluster: ClusterOf): JobQuestions {
  const state = async (job: string): Promise<string | undefined> => {
    const [row] = await cluster().query<{ state: string }>(
      'SELECT state FROM pg_dist_background_job WHERE job_id = $1',
      [job],
    );
    return row?.state;
  };

  const tasksOf = async (job: string, asker?: Asker): Promise<Task[]> => {
    const rows = asker
      ? (await asker.query<Task>(taskQuery, [job])).rows
      : await cluster().query<Task & pg.QueryResultRow>(taskQuery, [job]);
    return rows.map((task) => {
      const [, shard, from, to] = /citus_move_shard_placement\((\d+),(\d+),(\d+)/.exec(task.command) ?? [];
      return shard === undefined ? task : { ...task, move: { shard, from: Number(from), to: Number(to) } };
    });
  };

  const untilTask = async (job: string, id: string, test: (task: Task) => boolean): Promise<Task> => {
    let found: Task | undefined;
    await until(`task ${id}`, async () => {
      found = (await tasksOf(job)).find((task) => task.id === id && test(task));
      return found !== undefined;
    });
    if (!found) throw new Error('not found');
    return found;
  };

  const cancel = async (job: string): Promise<void> => {
    await cluster().query('SELECT citus_job_cancel($1)', [job]);
    try {
      await until('the end of the job', async () => {
        await endLostTask(cluster(), job);
        return (await state(job)) === 'cancelled';
      });
    } catch (error) {
      throw new Error(`it goes on: ${JSON.stringify(await doings(cluster(), await tasksOf(job)), null, 1)}`, {
        cause: error,
      });
    }
  };

  return {
    start: async (options) => {
      const [row] = await cluster().query<{ job: string | null }>(
        `SELECT citus_rebalance_start(${options})::text AS job`,
      );
      if (row?.job == null) throw new Error('there was nothing to move');
      return row.job;
    },
    state,
    tasksOf,
    untilTask,
    /** The first task whose move others see. */
    untilMoving: async (job) => {
      let moving: Task | undefined;
      await until('a move of the job', async () => {
        const rows = await cluster().query<{ pid: number }>(
          'SELECT sessionid AS pid FROM get_rebalance_progress()',
        );
        const seen = new Set(rows.map(({ pid }) => pid));
        moving = (await tasksOf(job)).find(({ pid, move }) => move && pid !== null && seen.has(pid));
        return moving !== undefined;
      });
      if (!moving) throw new Error('nothing moves');
      return moving;
    },
    /** Whether the job has ended. What waits for its next attempt needn't any more. */
    hurry: async (job) => {
      await cluster().query(
        `UPDATE pg_dist_background_task SET not_before = NULL WHERE job_id = $1 AND status = 'runnable' AND not_before > now()`,
        [job],
      );
      return ['finished', 'failed', 'cancelled'].includes((await state(job)) ?? '');
    },
    cancel,
    /** Ends whatever a test has left running, and what moves have left. */
    end: async () => {
      const open = await cluster().query<{ id: string }>(
        `SELECT job_id::text AS id FROM pg_dist_background_job WHERE state NOT IN ('finished', 'cancelled', 'failed')`,
      );
      for (const { id } of open) await cancel(id);
      await until('the end of what moves left', async () => {
        await cluster().query('CALL citus_cleanup_orphaned_resources()');
        return (await cluster().query('SELECT FROM pg_dist_cleanup')).length === 0;
      });
    },
    colocated: async (shard, table) => {
      const [row] = await cluster().query<{ shard: string }>(
        `SELECT o.shardid::text AS shard FROM pg_dist_shard s JOIN pg_dist_partition p USING (logicalrelid)
           JOIN pg_dist_partition q USING (colocationid) JOIN pg_dist_shard o ON o.logicalrelid = q.logicalrelid
         WHERE s.shardid = $1 AND o.logicalrelid = $2::regclass AND o.shardminvalue = s.shardminvalue`,
        [shard, table],
      );
      return row?.shard;
    },
  };
}

const taskQuery = `
  SELECT t.task_id::text AS id, t.status, t.command, t.pid, coalesce(t.retry_count, 0) AS retries, t.message,
    extract(epoch FROM t.not_before - clock_timestamp())::float8 AS wait, t.nodes_involved AS nodes,
    ARRAY(SELECT d.depends_on::text FROM pg_dist_background_task_depend d WHERE d.task_id = t.task_id ORDER BY 1) AS "dependsOn",
    (SELECT p.colocationid::text FROM pg_dist_shard s JOIN pg_dist_partition p USING (logicalrelid)
      WHERE s.shardid::text = substring(t.command FROM 'placement\\((\\d+)')) AS colocation
  FROM pg_dist_background_task t WHERE t.job_id = $1 ORDER BY t.task_id`;
