-- What a move looks at before it starts, with the words of Citus 13.2.

CREATE FUNCTION stand_in.node_with_id(wanted int) RETURNS pg_dist_node
LANGUAGE plpgsql STABLE AS $$
DECLARE
  found pg_dist_node;
BEGIN
  SELECT * INTO found FROM pg_dist_node WHERE nodeid = wanted;
  -- Neither standbys nor nodes that are not active count.
  IF found.nodeid IS NULL OR NOT found.isactive OR found.noderole <> 'primary' THEN
    RAISE EXCEPTION 'node with node id % could not be found', wanted USING ERRCODE = 'internal_error';
  END IF;
  RETURN found;
END
$$;

CREATE FUNCTION stand_in.check_move_nodes(source pg_dist_node, target pg_dist_node) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  IF source.nodeid = target.nodeid THEN
    RAISE EXCEPTION 'cannot move shard to the same node' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF NOT target.isactive THEN
    RAISE EXCEPTION 'Moving shards to a non-active node is not supported' USING ERRCODE = 'feature_not_supported',
      HINT = format('Activate the target node via SELECT citus_activate_node(%L, %s);', target.nodename, target.nodeport);
  END IF;
  IF NOT target.shouldhaveshards THEN
    RAISE EXCEPTION 'Moving shards to a node that shouldn''t have a shard is not supported' USING ERRCODE = 'feature_not_supported',
      HINT = format('Allow shards on the target node via SELECT * FROM citus_set_node_property(%L, %s, ''shouldhaveshards'', true);',
        target.nodename, target.nodeport);
  END IF;
END
$$;

-- One move of a shard group at a time; a twin is refused, not queued.
CREATE FUNCTION stand_in.lock_group_for_move(shard bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  member pg_dist_shard;
BEGIN
  FOR member IN SELECT * FROM stand_in.shard_group(shard) LOOP
    IF NOT pg_try_advisory_xact_lock(stand_in.move_class(), member.shardid::int) THEN
      RAISE EXCEPTION 'could not acquire the lock required to move %',
          (SELECT stand_in.qualified_name(logicalrelid) FROM pg_dist_shard WHERE shardid = shard) USING ERRCODE = 'internal_error',
          DETAIL = 'It means that either a concurrent shard move or colocated distributed table creation is happening.',
          HINT = 'Make sure that the concurrent operation has finished and re-run the command';
    END IF;
  END LOOP;
END
$$;

-- Whoever drops a leftover holds another lock for a moment, which a move waits for: it must not look like a twin.
CREATE FUNCTION stand_in.wait_for_cleaners(shard bigint) RETURNS void
LANGUAGE sql AS $$
  SELECT pg_advisory_xact_lock_shared(stand_in.cleaning_class(), g.shardid::int) FROM stand_in.shard_group(shard) g
$$;

CREATE FUNCTION stand_in.move_class() RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT 7301 $$;
CREATE FUNCTION stand_in.cleaning_class() RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT 7302 $$;

-- Whether another session moves the shard now.
CREATE FUNCTION stand_in.is_moving(shard bigint) RETURNS boolean
LANGUAGE sql AS $$
  SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted AND pid <> pg_backend_pid()
    AND classid = stand_in.move_class() AND objid = shard::int
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))
$$;

-- Whether the group is at the target already. Fails when it is not at the source either.
CREATE FUNCTION stand_in.is_moved_already(shard bigint, source pg_dist_node, target pg_dist_node) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
  place int := (SELECT groupid FROM pg_dist_placement WHERE shardid = shard);
BEGIN
  IF place = target.groupid THEN
    RAISE WARNING 'shard is already present on node %:%', target.nodename, target.nodeport
      USING DETAIL = 'Move may have already completed.';
    RETURN true;
  END IF;
  IF place IS DISTINCT FROM source.groupid THEN
    RAISE EXCEPTION 'could not find placement matching "%:%"', source.nodename, source.nodeport
      USING ERRCODE = 'data_exception', HINT = 'Confirm the placement still exists and try again.';
  END IF;
  RETURN false;
END
$$;

CREATE FUNCTION stand_in.check_replica_identity(shard bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  keyless regclass := (SELECT min(g.logicalrelid::oid) FROM stand_in.shard_group(shard) g JOIN pg_class c ON c.oid = g.logicalrelid
    WHERE c.relreplident <> 'f' AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary));
BEGIN
  IF keyless IS NOT NULL THEN
    RAISE EXCEPTION 'cannot use logical replication to transfer shards of the relation % since it doesn''t have a REPLICA IDENTITY or PRIMARY KEY',
        (SELECT relname FROM pg_class WHERE oid = keyless)
      USING ERRCODE = 'feature_not_supported',
        DETAIL = 'UPDATE and DELETE commands on the shard will error out during logical replication unless there is a REPLICA IDENTITY or PRIMARY KEY.',
        HINT = 'If you wish to continue without a replica identity set the shard_transfer_mode to ''force_logical'' or ''block_writes''.';
  END IF;
END
$$;

CREATE FUNCTION stand_in.check_table_moves(shard bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  relation regclass := (SELECT logicalrelid FROM pg_dist_shard WHERE shardid = shard);
BEGIN
  IF relation IS NULL THEN
    RAISE EXCEPTION 'could not find valid entry for shard %', shard USING ERRCODE = 'internal_error';
  END IF;
  PERFORM stand_in.check_relation_moves(relation);
END
$$;

-- Citus looks at the target's disk first, then at the size of what moves, so a dead node ends it here.
CREATE FUNCTION stand_in.check_disk(source pg_dist_node, target pg_dist_node) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  IF NOT stand_in.reaches(target.nodename, target.nodeport) THEN
    RAISE EXCEPTION 'Could not fetch disk stats for node: %-%', target.nodename, target.nodeport USING ERRCODE = 'internal_error';
  END IF;
  IF NOT stand_in.reaches(source.nodename, source.nodeport) THEN
    RAISE EXCEPTION 'cannot get the size because of a connection error' USING ERRCODE = 'connection_failure';
  END IF;
END
$$;
