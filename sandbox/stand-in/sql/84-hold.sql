-- Keeping writers away from a node until the transaction ends. Only what enters through the coordinator and only writes:
-- of its shards, and of reference tables.

-- Statements that take the locks. They stop writers, not readers; LOCK TABLE takes no foreign table, but enabling the
-- triggers that it has not got takes the same lock.
CREATE FUNCTION stand_in.locks_against_writers(held_group int) RETURNS SETOF text
LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN t.partmethod = 'n' THEN format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE', stand_in.qualified_name(t.logicalrelid))
    ELSE format('ALTER FOREIGN TABLE stand_in_shards.%I ENABLE TRIGGER USER', c.relname || '_' || s.shardid) END
  FROM pg_dist_placement p JOIN pg_dist_shard s USING (shardid) JOIN pg_dist_partition t USING (logicalrelid) JOIN pg_class c ON c.oid = t.logicalrelid
  WHERE p.groupid = held_group ORDER BY s.shardid
$$;

-- All locks or none: writers hold one table and may wait for another, where Citus has one lock for a group of shards.
CREATE FUNCTION stand_in.try_to_keep_writers_away(held_group int) RETURNS boolean
LANGUAGE plpgsql SET lock_timeout = '200ms' AS $$
DECLARE
  statement text;
BEGIN
  FOR statement IN SELECT * FROM stand_in.locks_against_writers(held_group) LOOP
    EXECUTE statement;
  END LOOP;
  RETURN true;
EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
  RETURN false;
END
$$;

CREATE FUNCTION stand_in.keep_writers_away(held_group int) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  began timestamptz := clock_timestamp();
  patience double precision := (SELECT setting::double precision / 1000 FROM pg_settings WHERE name = 'lock_timeout');
BEGIN
  WHILE NOT stand_in.try_to_keep_writers_away(held_group) LOOP
    IF patience > 0 AND extract(epoch FROM clock_timestamp() - began) > patience THEN
      RAISE EXCEPTION 'canceling statement due to lock timeout' USING ERRCODE = 'lock_not_available';
    END IF;
    PERFORM pg_sleep(0.01 + random() * 0.03);
  END LOOP;
END
$$;

-- Ends whoever is in the way of a session, after a while, as long as that session lives.
CREATE PROCEDURE stand_in.end_blockers_of(waiting int, cooldown int)
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_sleep(cooldown / 1000.0);
  WHILE EXISTS (SELECT FROM pg_stat_activity WHERE pid = waiting) LOOP
    PERFORM pg_terminate_backend(blocker) FROM unnest(pg_blocking_pids(waiting)) blocker;
    COMMIT;
    PERFORM pg_sleep(0.02);
  END LOOP;
END
$$;

CREATE FUNCTION stand_in.hold_node(node pg_dist_node, force boolean, cooldown int) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  helper text := 'stand_in_' || gen_random_uuid();
BEGIN
  IF node.noderole <> 'primary' OR NOT force THEN
    PERFORM stand_in.keep_writers_away(node.groupid) WHERE node.noderole = 'primary';
    RETURN;
  END IF;
  PERFORM stand_in.dblink_connect(helper, stand_in.own_address() || ' application_name=citus_internal_lock_helper');
  PERFORM stand_in.dblink_send_query(helper, format('CALL stand_in.end_blockers_of(%s, %s)', pg_backend_pid(), cooldown));
  PERFORM stand_in.keep_writers_away(node.groupid);
  PERFORM stand_in.dblink_cancel_query(helper), stand_in.dblink_disconnect(helper);
EXCEPTION WHEN query_canceled OR OTHERS THEN
  PERFORM stand_in.dblink_cancel_query(helper), stand_in.dblink_disconnect(helper) WHERE helper = ANY (stand_in.dblink_get_connections());
  RAISE;
END
$$;

CREATE FUNCTION stand_in.any_node_with_id(wanted int) RETURNS pg_dist_node
LANGUAGE plpgsql STABLE AS $$
DECLARE
  found pg_dist_node;
BEGIN
  SELECT * INTO found FROM pg_dist_node WHERE nodeid = wanted;
  IF found.nodeid IS NULL THEN
    RAISE EXCEPTION 'node % not found', wanted USING ERRCODE = 'no_data_found';
  END IF;
  RETURN found;
END
$$;

CREATE FUNCTION pg_catalog.citus_pause_node_within_txn(node_id int, force boolean DEFAULT false, lock_cooldown int DEFAULT 10000) RETURNS void
LANGUAGE plpgsql STRICT AS $$
BEGIN
  PERFORM stand_in.hold_node(stand_in.any_node_with_id(node_id), force, lock_cooldown);
END
$$;

-- The coordinator looks for the node at the new address at once; the workers hear of it after the commit.
CREATE FUNCTION pg_catalog.citus_update_node(node_id int, new_node_name text, new_node_port int, force boolean DEFAULT false,
  lock_cooldown int DEFAULT 10000) RETURNS void
LANGUAGE plpgsql STRICT AS $$
DECLARE
  holder int := (SELECT nodeid FROM pg_dist_node WHERE nodename = new_node_name AND nodeport = new_node_port);
  node pg_dist_node;
BEGIN
  IF holder = node_id THEN
    RETURN;
  END IF;
  IF holder IS NOT NULL THEN
    RAISE EXCEPTION 'there is already another node with the specified hostname and port' USING ERRCODE = 'object_not_in_prerequisite_state';
  END IF;
  node := stand_in.any_node_with_id(node_id);
  PERFORM stand_in.hold_node(node, force, lock_cooldown);
  LOCK TABLE pg_dist_node IN EXCLUSIVE MODE;
  UPDATE pg_dist_node SET nodename = new_node_name, nodeport = new_node_port WHERE nodeid = node_id;
  PERFORM stand_in.readdress_server(node.groupid) WHERE node.noderole = 'primary';
  PERFORM stand_in.leave_sync_for_later();
END
$$;
