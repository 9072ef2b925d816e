-- Moving a shard group. The order that keeps rows safe whoever crashes: the copy is made on the target and committed
-- there while nobody can write; then one transaction of the coordinator changes placement and foreign table; the old
-- copy is dropped after that commit. Until the commit the source holds the truth and what lies on the target is
-- rubbish, recorded as such and replaced by the next attempt; from the commit on it is the other way round.

-- Keeps everybody off the group's foreign tables until the transaction ends. Gives way and tries again, since sessions
-- that hold one of the tables may wait for another.
CREATE FUNCTION stand_in.block_access(shard bigint) RETURNS void
LANGUAGE plpgsql SET lock_timeout = '200ms' AS $$
DECLARE
  member pg_dist_shard;
BEGIN
  LOOP
    BEGIN
      FOR member IN SELECT * FROM stand_in.shard_group(shard) LOOP
        PERFORM stand_in.lock_foreign_table(stand_in.foreign_table_of(member.shardid));
      END LOOP;
      RETURN;
    EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
      PERFORM pg_sleep(0.02 + random() * 0.1);
    END;
  END LOOP;
END
$$;

CREATE FUNCTION stand_in.foreign_table_of(shard bigint) RETURNS regclass
LANGUAGE sql STABLE AS $$
  SELECT format('stand_in_shards.%I', c.relname || '_' || s.shardid)::regclass
  FROM pg_dist_shard s JOIN pg_class c ON c.oid = s.logicalrelid WHERE s.shardid = shard
$$;

-- The target fetches the rows from the source by itself, in one transaction with making the table.
CREATE FUNCTION stand_in.copy_shard(shard bigint, source pg_dist_node, target pg_dist_node) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  shard_table text := stand_in.qualified_shard(shard);
  schema_name name := (SELECT relnamespace::regnamespace::name FROM pg_class JOIN pg_dist_shard ON oid = logicalrelid WHERE shardid = shard);
  -- What lies at the coordinator may be an empty table that someone put in the place of a lost one: its columns and
  -- keys are those of the distributed table.
  model text := CASE WHEN source.groupid = 0 THEN (SELECT stand_in.qualified_name(logicalrelid) FROM pg_dist_shard WHERE shardid = shard) ELSE shard_table END;
  made jsonb;
BEGIN
  made := stand_in.ask(source.nodename, source.nodeport, format(
    'SELECT jsonb_build_object(''ddl'', stand_in.ddl_like(%1$L, %2$L, %3$L), ''names'', stand_in.columns_of(%1$L, false), ''types'', stand_in.columns_of(%1$L, true))',
    model, shard_table, shard));
  PERFORM stand_in.tell_patiently(array[target], format('CREATE SCHEMA IF NOT EXISTS %I; DROP TABLE IF EXISTS %s; %s;', schema_name, shard_table, made->'ddl'->>0)
    || format('INSERT INTO %s (%s) SELECT * FROM stand_in.dblink(%L, %L) AS r (%s);', shard_table, made->>'names',
      stand_in.address(source.nodename, source.nodeport), format('SELECT %s FROM %s', made->>'names', shard_table), made->>'types')
    || (SELECT coalesce(string_agg(value, ';' ORDER BY ordinality), '') FROM jsonb_array_elements_text(made->'ddl') WITH ORDINALITY WHERE ordinality > 1));
END
$$;

CREATE FUNCTION stand_in.switch_group(shard bigint, source pg_dist_node, target pg_dist_node) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  member pg_dist_shard;
  operation bigint := nextval('pg_dist_operationid_seq');
  server text := stand_in.server_of(target.groupid);
BEGIN
  PERFORM stand_in.reach_metadata_nodes();
  FOR member IN SELECT * FROM stand_in.shard_group(shard) LOOP
    UPDATE pg_dist_placement SET placementid = nextval('pg_dist_placement_placementid_seq'), groupid = target.groupid
    WHERE shardid = member.shardid AND groupid = source.groupid;
    PERFORM stand_in.point_foreign_table(stand_in.foreign_table_of(member.shardid), server);
    INSERT INTO pg_dist_cleanup (operation_id, object_type, object_name, node_group_id, policy_type)
    VALUES (operation, 1, stand_in.qualified_shard(member.shardid), source.groupid, 2);
    DELETE FROM pg_dist_cleanup
    WHERE object_name = stand_in.qualified_shard(member.shardid) AND node_group_id = target.groupid;
  END LOOP;
END
$$;

-- The time that a move takes at least. It is spent on both nodes, so that the death of one ends the move at once.
CREATE FUNCTION stand_in.spend_time(source pg_dist_node, target pg_dist_node, seconds double precision) RETURNS void
LANGUAGE sql AS $$
  SELECT stand_in.tell_patiently(array[source, target], format('SELECT pg_sleep(%s)', seconds))
$$;

CREATE FUNCTION pg_catalog.citus_move_shard_placement(shard_id bigint, source_node_id int, target_node_id int,
  transfer_mode citus.shard_transfer_mode DEFAULT 'auto') RETURNS void
LANGUAGE plpgsql STRICT AS $$
DECLARE
  source pg_dist_node := stand_in.node_with_id(source_node_id);
  target pg_dist_node := stand_in.node_with_id(target_node_id);
  began timestamptz := clock_timestamp();
  seconds double precision := stand_in.move_seconds();
  anchor bigint := (SELECT min(g.shardid) FROM stand_in.shard_group(shard_id) g);
  member pg_dist_shard;
BEGIN
  PERFORM stand_in.check_table_moves(shard_id);
  PERFORM stand_in.check_move_nodes(source, target);
  PERFORM stand_in.lock_group_for_move(shard_id);
  IF stand_in.is_moved_already(shard_id, source, target) THEN
    RETURN;
  END IF;
  IF transfer_mode = 'auto' THEN
    PERFORM stand_in.check_replica_identity(shard_id);
  END IF;
  PERFORM stand_in.check_disk(source, target);
  PERFORM pg_advisory_xact_lock_shared(stand_in.target_class(), target.nodeid);
  PERFORM stand_in.enter_phase(anchor, 'Setting Up');
  PERFORM stand_in.wait_for_cleaners(shard_id);
  PERFORM stand_in.drop_leftovers(shard_id);
  PERFORM stand_in.record_copies(shard_id, target);
  PERFORM stand_in.clean_up_later(anchor);
  PERFORM stand_in.enter_phase(anchor, 'Copying Data');
  PERFORM stand_in.spend_time(source, target, seconds * 0.7);
  PERFORM stand_in.enter_phase(anchor, 'Catching Up');
  PERFORM stand_in.spend_time(source, target, greatest(0, seconds - extract(epoch FROM clock_timestamp() - began)));
  PERFORM stand_in.block_access(shard_id);
  PERFORM stand_in.enter_phase(anchor, 'Final Catchup');
  FOR member IN SELECT * FROM stand_in.shard_group(shard_id) LOOP
    PERFORM stand_in.copy_shard(member.shardid, source, target);
  END LOOP;
  PERFORM stand_in.enter_phase(anchor, 'Completing');
  PERFORM stand_in.switch_group(shard_id, source, target);
END
$$;

CREATE FUNCTION pg_catalog.citus_move_shard_placement(shard_id bigint, source_node_name text, source_node_port int,
  target_node_name text, target_node_port int, shard_transfer_mode citus.shard_transfer_mode DEFAULT 'auto') RETURNS void
LANGUAGE sql STRICT AS $$
  SELECT citus_move_shard_placement(shard_id, (stand_in.node_at(source_node_name, source_node_port)).nodeid,
    (stand_in.node_at(target_node_name, target_node_port)).nodeid, shard_transfer_mode)
$$;
