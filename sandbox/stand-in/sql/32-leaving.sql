-- Nodes that leave, for a while or for good.

CREATE FUNCTION stand_in.check_no_only_placement(node pg_dist_node) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  only_here bigint := (SELECT min(p.shardid) FROM pg_dist_placement p WHERE p.groupid = node.groupid
    AND NOT EXISTS (SELECT FROM pg_dist_placement o JOIN pg_dist_node n USING (groupid)
      WHERE o.shardid = p.shardid AND o.groupid <> p.groupid AND n.isactive AND n.noderole = 'primary'));
BEGIN
  IF only_here IS NOT NULL THEN
    RAISE EXCEPTION 'cannot remove or disable the node %:% because because it contains the only shard placement for shard %',
      node.nodename, node.nodeport, only_here
      USING ERRCODE = 'internal_error', DETAIL = format('One of the table(s) that prevents the operation complete successfully is %s',
          (SELECT stand_in.qualified_name(s.logicalrelid) FROM pg_dist_shard s WHERE s.shardid = only_here)),
        HINT = 'To proceed, either drop the tables or use undistribute_table() function to convert them to local tables';
  END IF;
END
$$;

CREATE FUNCTION pg_catalog.citus_remove_node(nodename text, nodeport int) RETURNS void
LANGUAGE plpgsql STRICT AS $$
DECLARE
  node pg_dist_node := stand_in.node_to_change(nodename, nodeport);
BEGIN
  IF node.noderole = 'primary' THEN
    PERFORM stand_in.check_no_only_placement(node);
    -- All copies of the metadata hear that its copies of reference tables are gone: also its own.
    PERFORM stand_in.reach_metadata_nodes() FROM pg_dist_placement p WHERE p.groupid = node.groupid LIMIT 1;
    PERFORM stand_in.forget_server(node.groupid);
    DELETE FROM pg_dist_placement p WHERE p.groupid = node.groupid;
  END IF;
  DELETE FROM pg_dist_node n WHERE n.nodeid = node.nodeid;
  PERFORM stand_in.sync_nodes();
END
$$;

CREATE FUNCTION stand_in.check_may_be_disabled(node pg_dist_node, synchronous boolean) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  first_worker int := (SELECT n.nodeid FROM pg_dist_node n WHERE n.groupid <> 0 AND n.isactive AND n.noderole = 'primary'
    ORDER BY n.nodename, n.nodeport LIMIT 1);
BEGIN
  IF node.groupid = 0 THEN
    RAISE EXCEPTION 'cannot change "isactive" field of the coordinator node' USING ERRCODE = 'internal_error';
  END IF;
  IF node.nodeid = first_worker AND NOT synchronous THEN
    RAISE EXCEPTION 'disabling the first worker node in the metadata is not allowed' USING ERRCODE = 'object_not_in_prerequisite_state',
      HINT = format('You can force disabling node, SELECT citus_disable_node(%L, %s, synchronous:=true);', node.nodename, node.nodeport);
  END IF;
END
$$;

-- Its copies of reference tables stay known, but nobody reads or writes them.
CREATE FUNCTION pg_catalog.citus_disable_node(nodename text, nodeport int, synchronous boolean DEFAULT false) RETURNS void
LANGUAGE plpgsql STRICT AS $$
DECLARE
  node pg_dist_node := stand_in.node_to_change(nodename, nodeport);
BEGIN
  PERFORM stand_in.check_may_be_disabled(node, synchronous);
  IF node.noderole = 'primary' THEN
    PERFORM stand_in.check_no_only_placement(node);
  END IF;
  UPDATE pg_dist_node n SET isactive = false WHERE n.nodeid = node.nodeid;
  IF synchronous THEN
    PERFORM stand_in.sync_nodes();
  ELSE
    PERFORM stand_in.leave_sync_for_later();
  END IF;
END
$$;

-- Copies of reference tables that a disabled node had are out of date: they are made anew when somebody asks for it.
-- Standbys are answered and left as they are.
CREATE FUNCTION pg_catalog.citus_activate_node(nodename text, nodeport int) RETURNS int
LANGUAGE plpgsql STRICT AS $$
DECLARE
  node pg_dist_node := stand_in.node_to_change(nodename, nodeport);
BEGIN
  IF node.noderole <> 'primary' THEN
    RETURN node.nodeid;
  END IF;
  IF NOT node.isactive THEN
    PERFORM stand_in.forget_copies(node.groupid);
    DELETE FROM pg_dist_placement p WHERE p.groupid = node.groupid;
  END IF;
  UPDATE pg_dist_node n SET isactive = true, hasmetadata = true, metadatasynced = true WHERE n.nodeid = node.nodeid;
  PERFORM stand_in.sync_nodes();
  RETURN node.nodeid;
END
$$;
