-- Background jobs, as others see them.

CREATE FUNCTION pg_catalog.citus_job_list() RETURNS TABLE (job_id bigint, state citus_job_status, job_type name, description text,
  started_at timestamptz, finished_at timestamptz)
LANGUAGE sql STABLE STRICT AS $$
  SELECT job_id, state, job_type, description, started_at, finished_at FROM pg_dist_background_job ORDER BY job_id
$$;

-- What a task shows that moves a shard group now.
CREATE FUNCTION stand_in.running_task_details(job bigint, raw boolean) RETURNS SETOF jsonb
LANGUAGE sql AS $$
  SELECT stand_in.task_details(t) || jsonb_build_object('phase', p.status,
    'hosts', jsonb_build_object('source', p.sourcename || ':' || p.sourceport, 'target', p.targetname || ':' || p.targetport),
    'size', CASE WHEN raw THEN jsonb_build_object('source', p.source_size, 'target', p.target_size)
      ELSE jsonb_build_object('source', pg_size_pretty(p.source_size), 'target', pg_size_pretty(p.target_size)) END,
    'LSN', jsonb_build_object('source', NULL, 'target', NULL, 'lag', NULL))
  FROM pg_dist_background_task t JOIN (SELECT sessionid, status, sourcename, sourceport, targetname, targetport,
      sum(source_shard_size) AS source_size, sum(target_shard_size) AS target_size
    FROM get_rebalance_progress() GROUP BY 1, 2, 3, 4, 5, 6) p ON p.sessionid = t.pid
  WHERE t.job_id = job AND t.status = 'running'
$$;

CREATE FUNCTION stand_in.task_details(task pg_dist_background_task) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object('task_id', task.task_id, 'state', task.status, 'command', task.command, 'message', task.message,
    'retried', coalesce(task.retry_count, 0))
$$;

CREATE FUNCTION pg_catalog.citus_job_status(job_id bigint, raw boolean DEFAULT false) RETURNS TABLE (job_id bigint, state citus_job_status,
  job_type name, description text, started_at timestamptz, finished_at timestamptz, details jsonb)
LANGUAGE sql STRICT AS $$
  SELECT j.job_id, j.state, j.job_type, j.description, j.started_at, j.finished_at, jsonb_build_object(
    'tasks', coalesce((SELECT jsonb_agg(r) FROM stand_in.running_task_details(j.job_id, $2) r), '[]')
      || coalesce((SELECT jsonb_agg(stand_in.task_details(t)) FROM pg_dist_background_task t
        WHERE t.job_id = j.job_id AND (t.status = 'error' OR (t.status = 'runnable' AND t.retry_count > 0))), '[]'),
    'task_state_counts', (SELECT jsonb_object_agg(c.status, c.count)
      FROM (SELECT t.status, count(*) FROM pg_dist_background_task t WHERE t.job_id = j.job_id GROUP BY t.status) c))
  FROM pg_dist_background_job j WHERE j.job_id = $1
$$;

CREATE FUNCTION pg_catalog.citus_rebalance_status(raw boolean DEFAULT false) RETURNS TABLE (job_id bigint, state citus_job_status,
  job_type name, description text, started_at timestamptz, finished_at timestamptz, details jsonb)
LANGUAGE sql STRICT AS $$
  SELECT s.* FROM (SELECT max(j.job_id) AS newest FROM pg_dist_background_job j WHERE j.job_type = 'rebalance') n, citus_job_status(n.newest, $1) s
$$;
