-- Background jobs: the tables are there, and nothing runs them. Moves are direct calls.

CREATE FUNCTION pg_catalog.citus_job_list() RETURNS TABLE (job_id bigint, state citus_job_status, job_type name, description text,
  started_at timestamptz, finished_at timestamptz)
LANGUAGE sql STABLE STRICT AS $$
  SELECT job_id, state, job_type, description, started_at, finished_at FROM pg_dist_background_job ORDER BY job_id
$$;

CREATE FUNCTION pg_catalog.citus_job_status(job_id bigint, raw boolean DEFAULT false) RETURNS TABLE (job_id bigint, state citus_job_status,
  job_type name, description text, started_at timestamptz, finished_at timestamptz, details jsonb)
LANGUAGE sql STABLE STRICT AS $$
  SELECT j.job_id, j.state, j.job_type, j.description, j.started_at, j.finished_at, '{"tasks": [], "task_state_counts": {}}'::jsonb
  FROM pg_dist_background_job j WHERE j.job_id = $1
$$;

CREATE FUNCTION pg_catalog.citus_rebalance_status(raw boolean DEFAULT false) RETURNS TABLE (job_id bigint, state citus_job_status,
  job_type name, description text, started_at timestamptz, finished_at timestamptz, details jsonb)
LANGUAGE sql STABLE STRICT AS $$
  SELECT s.* FROM pg_dist_background_job j, citus_job_status(j.job_id) s WHERE j.job_type = 'rebalance' ORDER BY j.job_id DESC LIMIT 1
$$;
