-- States of jobs and tasks, and what leads from one to the next. A task whose statement failed is tried again after
-- 5 s, 20 s, then every 60 s; after 32 times it is in error, and what depends on it is given up.

CREATE FUNCTION stand_in.add_task(job bigint, command text, nodes int[], depends bigint[]) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  task bigint;
BEGIN
  -- Citus writes these zeros where its own columns would allow NULL.
  INSERT INTO pg_dist_background_task (job_id, pid, status, command, retry_count, not_before, nodes_involved)
  VALUES (job, 0, CASE WHEN cardinality(depends) > 0 THEN 'blocked' ELSE 'runnable' END::citus_task_status, command, 0, '2000-01-01 00:00Z', nodes)
  RETURNING task_id INTO task;
  INSERT INTO pg_dist_background_task_depend (job_id, task_id, depends_on) SELECT job, task, d FROM unnest(depends) d;
  RETURN task;
END
$$;

CREATE FUNCTION stand_in.is_final(state citus_job_status) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$ SELECT state IN ('finished', 'cancelled', 'failed') $$;

CREATE FUNCTION stand_in.is_final(state citus_task_status) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$ SELECT state IN ('done', 'error', 'unscheduled', 'cancelled') $$;

-- The state of a job follows from those of its tasks.
CREATE FUNCTION stand_in.job_state(job bigint) RETURNS citus_job_status
LANGUAGE sql STABLE AS $$
  SELECT CASE
    WHEN count(*) FILTER (WHERE status = 'cancelling') > 0 THEN 'cancelling'
    WHEN count(*) FILTER (WHERE status = 'cancelled') > 0 THEN 'cancelled'
    WHEN count(*) FILTER (WHERE status <> 'done') = 0 THEN 'finished'
    WHEN count(*) FILTER (WHERE status IN ('error', 'unscheduled')) = 0 THEN 'running'
    WHEN count(*) FILTER (WHERE NOT stand_in.is_final(status)) > 0 THEN 'failing'
    ELSE 'failed' END::citus_job_status
  FROM pg_dist_background_task WHERE job_id = job
$$;

CREATE FUNCTION stand_in.update_job(job bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  reached citus_job_status := stand_in.job_state(job);
BEGIN
  UPDATE pg_dist_background_job SET state = reached,
    started_at = CASE WHEN reached = 'running' THEN coalesce(started_at, clock_timestamp()) ELSE started_at END,
    finished_at = CASE WHEN stand_in.is_final(reached) THEN coalesce(finished_at, clock_timestamp()) ELSE finished_at END
  WHERE job_id = job;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'could not find background jobs entry for job_id: %', job USING ERRCODE = 'internal_error';
  END IF;
END
$$;

-- The statement of a task has ended. What was to be cancelled is, whichever way it ended.
CREATE FUNCTION stand_in.end_task(task pg_dist_background_task, failed boolean, said text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  attempt int := coalesce(task.retry_count, 0) + 1;
BEGIN
  UPDATE pg_dist_background_task SET pid = NULL, message = said WHERE task_id = task.task_id;
  IF task.status = 'cancelling' THEN
    UPDATE pg_dist_background_task SET status = 'cancelled' WHERE task_id = task.task_id;
  ELSIF NOT failed THEN
    UPDATE pg_dist_background_task SET status = 'done' WHERE task_id = task.task_id;
    PERFORM stand_in.unblock_tasks(task.job_id);
  ELSIF attempt <= 32 THEN
    UPDATE pg_dist_background_task SET status = 'runnable', retry_count = attempt,
      not_before = clock_timestamp() + CASE attempt WHEN 1 THEN '5 s' WHEN 2 THEN '20 s' ELSE '60 s' END::interval
    WHERE task_id = task.task_id;
  ELSE
    UPDATE pg_dist_background_task SET status = 'error', retry_count = attempt, not_before = NULL WHERE task_id = task.task_id;
    PERFORM stand_in.unschedule_after(task.task_id);
  END IF;
  PERFORM stand_in.update_job(task.job_id);
END
$$;

CREATE FUNCTION stand_in.unblock_tasks(job bigint) RETURNS void
LANGUAGE sql AS $$
  UPDATE pg_dist_background_task t SET status = 'runnable' WHERE t.job_id = job AND t.status = 'blocked'
    AND NOT EXISTS (SELECT FROM pg_dist_background_task_depend d JOIN pg_dist_background_task o ON o.task_id = d.depends_on
      WHERE d.task_id = t.task_id AND o.status <> 'done')
$$;

CREATE FUNCTION stand_in.unschedule_after(task bigint) RETURNS void
LANGUAGE sql AS $$
  WITH RECURSIVE later AS (
    SELECT task_id FROM pg_dist_background_task_depend WHERE depends_on = task
    UNION SELECT d.task_id FROM pg_dist_background_task_depend d JOIN later ON d.depends_on = later.task_id
  )
  UPDATE pg_dist_background_task SET status = 'unscheduled' WHERE task_id IN (SELECT task_id FROM later)
$$;

-- Whether there is anything to run, or to wait for.
CREATE FUNCTION stand_in.tasks_are_open() RETURNS boolean
LANGUAGE sql AS $$ SELECT EXISTS (SELECT FROM pg_dist_background_task WHERE status IN ('runnable', 'running', 'cancelling')) $$;
