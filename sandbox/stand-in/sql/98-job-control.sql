-- Waiting for jobs and ending them.

-- Statements that run are cancelled, and the monitor writes down their end; what doesn't run is cancelled at once.
CREATE FUNCTION pg_catalog.citus_job_cancel(jobid bigint) RETURNS void
LANGUAGE plpgsql STRICT AS $$
BEGIN
  LOCK TABLE pg_dist_background_task IN EXCLUSIVE MODE;
  UPDATE pg_dist_background_task SET status = CASE WHEN status = 'running' THEN 'cancelling' ELSE 'cancelled' END::citus_task_status
  WHERE job_id = jobid AND NOT stand_in.is_final(status);
  PERFORM pg_cancel_backend(pid) FROM pg_dist_background_task WHERE job_id = jobid AND status = 'cancelling';
  PERFORM stand_in.update_job(jobid);
END
$$;

CREATE FUNCTION stand_in.running_rebalance() RETURNS bigint
LANGUAGE sql STABLE AS $$
  SELECT min(job_id) FROM pg_dist_background_job WHERE job_type = 'rebalance' AND NOT stand_in.is_final(state)
$$;

CREATE FUNCTION pg_catalog.citus_rebalance_stop() RETURNS void
LANGUAGE plpgsql STRICT AS $$
DECLARE
  job bigint := stand_in.running_rebalance();
BEGIN
  IF job IS NULL THEN
    RAISE EXCEPTION 'no ongoing rebalance that can be stopped' USING ERRCODE = 'internal_error';
  END IF;
  PERFORM citus_job_cancel(job);
END
$$;

CREATE FUNCTION pg_catalog.citus_job_wait(jobid bigint, desired_status citus_job_status DEFAULT NULL) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  reached citus_job_status;
BEGIN
  LOOP
    SELECT state INTO reached FROM pg_dist_background_job WHERE job_id = jobid;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'no job found for job with jobid: %', jobid USING ERRCODE = 'internal_error';
    END IF;
    EXIT WHEN reached = desired_status OR (desired_status IS NULL AND stand_in.is_final(reached));
    IF stand_in.is_final(reached) THEN
      RAISE EXCEPTION 'Job reached terminal state "%" instead of desired state "%"', reached, desired_status USING ERRCODE = 'internal_error';
    END IF;
    PERFORM pg_sleep(0.1);
  END LOOP;
END
$$;

CREATE FUNCTION pg_catalog.citus_task_wait(taskid bigint, desired_status citus_task_status DEFAULT NULL) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  reached citus_task_status;
BEGIN
  LOOP
    SELECT status INTO reached FROM pg_dist_background_task WHERE task_id = taskid;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'no task found with taskid: %', taskid USING ERRCODE = 'internal_error';
    END IF;
    EXIT WHEN reached = desired_status OR (desired_status IS NULL AND stand_in.is_final(reached));
    IF stand_in.is_final(reached) THEN
      RAISE EXCEPTION 'Task reached terminal state "%" instead of desired state "%"', reached, desired_status USING ERRCODE = 'internal_error';
    END IF;
    PERFORM pg_sleep(0.1);
  END LOOP;
END
$$;

CREATE FUNCTION pg_catalog.citus_rebalance_wait() RETURNS void
LANGUAGE plpgsql STRICT AS $$
DECLARE
  job bigint := stand_in.running_rebalance();
BEGIN
  IF job IS NULL THEN
    RAISE WARNING 'no ongoing rebalance that can be waited on';
    RETURN;
  END IF;
  PERFORM citus_job_wait(job);
END
$$;
