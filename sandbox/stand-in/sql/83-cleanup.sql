-- Old copies of moved shards, and new ones of moves that failed. Citus's maintenance daemon drops them some seconds
-- later; here a session that the move leaves behind does.

-- Drops what one record names. False when its node is gone or does not answer, or a move holds the shard.
CREATE FUNCTION stand_in.drop_recorded(record pg_dist_cleanup) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
  node pg_dist_node := stand_in.primary_of(record.node_group_id);
  shard bigint := substring(record.object_name FROM '_(\d+)"?$');
BEGIN
  -- Records of a group that is gone are passed over, as with Citus: they stay for ever.
  IF node.nodeid IS NULL OR NOT pg_try_advisory_xact_lock(stand_in.cleaning_class(), shard::int)
    OR stand_in.is_moving(shard) THEN
    RETURN false;
  END IF;
  IF NOT EXISTS (SELECT FROM pg_dist_placement WHERE shardid = shard AND groupid = record.node_group_id) THEN
    PERFORM stand_in.tell(node.nodename, node.nodeport, format('SET LOCAL lock_timeout = ''1s''; DROP TABLE IF EXISTS %s', record.object_name));
  END IF;
  DELETE FROM pg_dist_cleanup WHERE record_id = record.record_id;
  RETURN true;
EXCEPTION WHEN connection_failure OR lock_not_available THEN
  RETURN false;
END
$$;

CREATE FUNCTION stand_in.drop_all_recorded() RETURNS bigint
LANGUAGE sql AS $$ SELECT count(*) FILTER (WHERE stand_in.drop_recorded(c)) FROM (SELECT * FROM pg_dist_cleanup ORDER BY record_id) c $$;

-- Records what a move will leave on its target if it fails. Committed at once, or a crash would take it back.
CREATE FUNCTION stand_in.record_copies(shard bigint, target pg_dist_node) RETURNS void
LANGUAGE sql AS $$
  SELECT stand_in.tell('127.0.0.1', current_setting('port')::int, format(
    'INSERT INTO pg_dist_cleanup (operation_id, object_type, object_name, node_group_id, policy_type) SELECT %s, 1, name, %s, 1 FROM unnest(%L::text[]) name',
    nextval('pg_dist_operationid_seq'), target.groupid,
    (SELECT array_agg(stand_in.qualified_shard(g.shardid)) FROM stand_in.shard_group(shard) g)))
$$;

-- A move does not go on over a leftover of its own shards.
CREATE FUNCTION stand_in.drop_leftovers(shard bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  record pg_dist_cleanup;
BEGIN
  FOR record IN SELECT c.* FROM pg_dist_cleanup c JOIN stand_in.shard_group(shard) g ON c.object_name = stand_in.qualified_shard(g.shardid) LOOP
    IF NOT stand_in.drop_recorded(record) THEN
      RAISE EXCEPTION 'shard move failed as the orphaned shard % leftover from the previous move could not be cleaned up', record.object_name
        USING ERRCODE = 'internal_error';
    END IF;
  END LOOP;
END
$$;

CREATE PROCEDURE pg_catalog.citus_cleanup_orphaned_resources()
LANGUAGE plpgsql AS $$
DECLARE
  dropped bigint := stand_in.drop_all_recorded();
BEGIN
  IF dropped > 0 THEN
    RAISE NOTICE 'cleaned up % orphaned resources', dropped;
  END IF;
END
$$;

CREATE FUNCTION stand_in.clean_up_later(anchor bigint) RETURNS void
LANGUAGE sql AS $$ SELECT stand_in.leave_behind(format('CALL stand_in.clean_up_after(%s)', anchor)) $$;

-- With Citus it is 15 s, unless somebody sets it; tests need not wait for that here.
CREATE FUNCTION stand_in.cleanup_delay() RETURNS interval
LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN wanted ~ '^\d+$' THEN (wanted || 'ms')::interval ELSE wanted::interval END
  FROM (SELECT coalesce(nullif(current_setting('citus.defer_shard_delete_interval', true), ''), '1s')) s (wanted)
$$;

-- Waits for the end of the move that holds the shard, then a little longer, then drops what it left.
CREATE PROCEDURE stand_in.clean_up_after(anchor bigint)
LANGUAGE plpgsql AS $$
DECLARE
  record pg_dist_cleanup;
BEGIN
  -- Looks now and then: a session that waits for the lock would show up among those that are blocked.
  WHILE stand_in.is_moving(anchor) LOOP
    PERFORM pg_sleep(0.2);
    COMMIT;
  END LOOP;
  FOR attempt IN 1 .. 20 LOOP
    PERFORM pg_sleep_for(stand_in.cleanup_delay());
    COMMIT;
    FOR record IN SELECT * FROM pg_dist_cleanup ORDER BY record_id LOOP
      PERFORM stand_in.drop_recorded(record);
      COMMIT;
    END LOOP;
    EXIT WHEN NOT EXISTS (SELECT FROM pg_dist_cleanup c JOIN pg_dist_node n ON n.groupid = c.node_group_id);
  END LOOP;
END
$$;
