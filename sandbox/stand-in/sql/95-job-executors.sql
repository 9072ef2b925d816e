-- Who runs tasks. The monitor is a session that goes on without whoever started it, and ends when nothing is left to
-- run. Each task has a session of its own, whose statement the monitor sends and then looks after.

CREATE FUNCTION stand_in.monitor_class() RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT 7304 $$;
CREATE FUNCTION stand_in.task_class() RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT 7305 $$;

-- A setting as it is now: a session that runs one statement for long doesn't hear of changes, another one does.
CREATE FUNCTION stand_in.setting_now(name text) RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
  IF 'settings' <> ALL (coalesce(stand_in.dblink_get_connections(), '{}')) THEN
    PERFORM stand_in.dblink_connect('settings', stand_in.address('127.0.0.1', current_setting('port')::int));
  END IF;
  RETURN (SELECT value FROM stand_in.dblink('settings', format('SELECT current_setting(%L, true)', name)) AS answer (value text));
END
$$;

CREATE FUNCTION stand_in.executors_at_most(name text) RETURNS int
LANGUAGE sql AS $$ SELECT coalesce(nullif(stand_in.setting_now(name), ''), '1')::int $$;

-- Digits alone are milliseconds.
CREATE FUNCTION stand_in.queue_interval() RETURNS interval
LANGUAGE sql AS $$
  SELECT CASE WHEN given ~ '^-?\d+$' THEN given || ' ms' ELSE given END::interval
  FROM (SELECT coalesce(nullif(stand_in.setting_now('citus.background_task_queue_interval'), ''), '5s')) s (given)
$$;

CREATE FUNCTION stand_in.start_task(task pg_dist_background_task) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  link text := 'task_' || task.task_id;
  executor int;
BEGIN
  PERFORM stand_in.dblink_connect(link, stand_in.address('127.0.0.1', current_setting('port')::int));
  -- The lock tells a later monitor whose session this is.
  SELECT pid INTO executor FROM stand_in.dblink(link, format('SELECT pg_backend_pid() FROM pg_advisory_lock(%s, %s)',
    stand_in.task_class(), task.task_id)) AS answer (pid int);
  PERFORM stand_in.dblink_send_query(link, task.command);
  UPDATE pg_dist_background_task SET status = 'running', pid = executor WHERE task_id = task.task_id;
  PERFORM stand_in.update_job(task.job_id);
END
$$;

-- Starts what may run now: so many in all, and so many for any one node.
CREATE FUNCTION stand_in.start_tasks() RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  task pg_dist_background_task;
  most int := stand_in.executors_at_most('citus.max_background_task_executors');
  most_per_node int := stand_in.executors_at_most('citus.max_background_task_executors_per_node');
BEGIN
  FOR task IN SELECT * FROM pg_dist_background_task WHERE status = 'runnable' AND coalesce(not_before <= clock_timestamp(), true) ORDER BY task_id LOOP
    EXIT WHEN (SELECT count(*) FROM pg_dist_background_task WHERE status IN ('running', 'cancelling')) >= most;
    CONTINUE WHEN EXISTS (SELECT FROM unnest(task.nodes_involved) node WHERE (SELECT count(*) FROM pg_dist_background_task o
      WHERE o.status IN ('running', 'cancelling') AND node = ANY (o.nodes_involved)) >= most_per_node);
    PERFORM stand_in.start_task(task);
  END LOOP;
END
$$;

-- What the statement of a task answered, in the words of the task's message.
CREATE FUNCTION stand_in.outcome(link text, task pg_dist_background_task, OUT failed boolean, OUT said text)
LANGUAGE plpgsql AS $$
DECLARE
  detail text;
  hint text;
BEGIN
  PERFORM * FROM stand_in.dblink_get_result(link) AS answer (value text);
  failed := false;
  said := E'SELECT 1\n';
EXCEPTION WHEN query_canceled OR OTHERS THEN
  GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
  failed := true;
  said := CASE WHEN SQLSTATE LIKE '57P0_' THEN 'FATAL: ' ELSE 'ERROR: ' END || SQLERRM
    || coalesce(E'\nDETAIL: ' || nullif(detail, ''), '') || coalesce(E'\nHINT: ' || nullif(hint, ''), '')
    || format(E'\nCONTEXT: Citus Background Task Queue Executor: %s/%s for (%s/%s)\n', current_database(), task.owner, task.job_id, task.task_id);
END
$$;

CREATE FUNCTION stand_in.end_tasks() RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  task pg_dist_background_task;
  link text;
  ended record;
BEGIN
  FOR task IN SELECT * FROM pg_dist_background_task WHERE status IN ('running', 'cancelling') ORDER BY task_id LOOP
    link := 'task_' || task.task_id;
    CONTINUE WHEN stand_in.dblink_is_busy(link) = 1;
    ended := stand_in.outcome(link, task);
    PERFORM stand_in.dblink_disconnect(link);
    PERFORM stand_in.end_task(task, ended.failed, ended.said);
  END LOOP;
END
$$;

-- What an earlier monitor left when it was ended, or the server crashed: its sessions end, its tasks may run again.
CREATE FUNCTION stand_in.take_over() RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  LOCK TABLE pg_dist_background_task IN EXCLUSIVE MODE;
  PERFORM pg_terminate_backend(pid, 10000::bigint) FROM pg_locks WHERE locktype = 'advisory' AND classid = stand_in.task_class() AND granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database());
  UPDATE pg_dist_background_task SET pid = NULL, status = CASE status WHEN 'running' THEN 'runnable' ELSE 'cancelled' END::citus_task_status
  WHERE status IN ('running', 'cancelling');
  PERFORM stand_in.update_job(job_id) FROM pg_dist_background_job WHERE state = 'cancelling';
END
$$;
