-- When tasks run. Citus's maintenance daemon looks for them once an interval and starts the monitor; here whoever starts
-- a job does, and whoever connects while there is one that nobody runs: after a crash a job goes on by itself.

CREATE FUNCTION stand_in.run_tasks_once() RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  -- Others cancel meanwhile: they and we see each other's changes or none.
  LOCK TABLE pg_dist_background_task IN EXCLUSIVE MODE;
  PERFORM stand_in.end_tasks();
  PERFORM stand_in.start_tasks();
END
$$;

CREATE PROCEDURE stand_in.run_tasks()
LANGUAGE plpgsql AS $$
DECLARE
  looked timestamptz := clock_timestamp();
BEGIN
  WHILE stand_in.tasks_are_open() LOOP
    -- As long as one runs, the next ones start without waiting for the interval.
    IF EXISTS (SELECT FROM pg_dist_background_task WHERE status IN ('running', 'cancelling'))
      OR (stand_in.queue_interval() > '0' AND looked + stand_in.queue_interval() <= clock_timestamp()) THEN
      PERFORM stand_in.run_tasks_once();
      looked := clock_timestamp();
    END IF;
    COMMIT;
    PERFORM pg_sleep(0.1);
  END LOOP;
END
$$;

CREATE PROCEDURE stand_in.run_jobs(starter xid8)
LANGUAGE plpgsql AS $$
BEGIN
  WHILE pg_xact_status(starter) = 'in progress' LOOP
    PERFORM pg_sleep(0.05);
    COMMIT;
  END LOOP;
  -- There is one monitor. It looks once more after it gave up the lock, so nobody has to wait for that.
  WHILE stand_in.tasks_are_open() LOOP
    IF NOT pg_try_advisory_lock(stand_in.monitor_class(), 0) THEN
      RETURN;
    END IF;
    ALTER EVENT TRIGGER stand_in_resume_jobs ENABLE;
    PERFORM stand_in.take_over();
    COMMIT;
    CALL stand_in.run_tasks();
    ALTER EVENT TRIGGER stand_in_resume_jobs DISABLE;
    COMMIT;
    PERFORM pg_advisory_unlock(stand_in.monitor_class(), 0);
    COMMIT;
  END LOOP;
END
$$;

CREATE FUNCTION stand_in.monitor_name() RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT 'citus background task queue monitor' $$;

-- Starts a session that goes on when ours has ended. It waits for the end of the starter's transaction, if any.
CREATE FUNCTION stand_in.start_monitor(starter xid8) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  link text := 'stand_in_' || gen_random_uuid();
BEGIN
  PERFORM stand_in.dblink_connect(link, format('%s application_name=%L', stand_in.address('127.0.0.1', current_setting('port')::int), stand_in.monitor_name()));
  PERFORM stand_in.dblink_send_query(link, format('CALL stand_in.run_jobs(%L)', starter));
  PERFORM stand_in.dblink_disconnect(link);
END
$$;

CREATE FUNCTION stand_in.resume_jobs() RETURNS event_trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  -- The monitor itself connects before it has its lock.
  IF stand_in.tasks_are_open() AND current_setting('application_name') <> stand_in.monitor_name()
    AND NOT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND classid = stand_in.monitor_class() AND granted
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())) THEN
    PERFORM stand_in.start_monitor(NULL);
  END IF;
END
$$;

-- In force only while there is a job: it would cost each connection a third of its time.
CREATE EVENT TRIGGER stand_in_resume_jobs ON login EXECUTE FUNCTION stand_in.resume_jobs();
ALTER EVENT TRIGGER stand_in_resume_jobs DISABLE;
