-- Nodes of the cluster: add, change, remove.

CREATE FUNCTION pg_catalog.citus_version() RETURNS text
LANGUAGE sql STABLE STRICT AS $$
  SELECT 'Citus 13.2.2 stand-in (a test double, not Citus) on ' || split_part(version(), ' on ', 2)
$$;

-- Writes a node's own copy of pg_dist_node and its group, in a transaction that ends as ours does: dry runs that are
-- rolled back leave nothing behind there either.
CREATE FUNCTION stand_in.write_nodes(node pg_dist_node, all_nodes jsonb, own_group int) RETURNS void
LANGUAGE plpgsql SET client_min_messages = warning AS $$
DECLARE
  server text;
  source record;
  copy text;
BEGIN
  -- Foreign tables would refuse in words of their own.
  PERFORM stand_in.ask(node.nodename, node.nodeport, 'SELECT 1');
  server := stand_in.server_of(node.groupid);
  FOR source IN SELECT * FROM (VALUES ('pg_dist_node', all_nodes),
    ('pg_dist_local_group', jsonb_build_array(jsonb_build_object('groupid', own_group)))) v (name, content) LOOP
    copy := format('stand_in_shards.%I', source.name || '_on_group_' || node.groupid);
    EXECUTE format('CREATE FOREIGN TABLE IF NOT EXISTS %s (%s) SERVER %I OPTIONS (schema_name ''pg_catalog'', table_name %L)',
      copy, stand_in.columns_of(source.name::regclass, true), server, source.name);
    EXECUTE format('DELETE FROM %s', copy);
    EXECUTE format('INSERT INTO %s SELECT * FROM jsonb_populate_recordset(NULL::%I, $1)', copy, source.name) USING source.content;
  END LOOP;
END
$$;

-- Tells every worker with metadata which nodes there are and which one it is. Fails when one does not answer.
CREATE FUNCTION stand_in.sync_nodes() RETURNS void
LANGUAGE sql AS $$
  SELECT stand_in.write_nodes(n, (SELECT jsonb_agg(o) FROM pg_dist_node o), n.groupid)
  FROM pg_dist_node n WHERE n.groupid <> 0 AND n.hasmetadata AND n.isactive AND n.noderole = 'primary'
$$;

CREATE FUNCTION stand_in.check_new_node(host text, port int) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  server text;
BEGIN
  IF (SELECT count(*) FROM stand_in.ask(host, port, $q$SELECT 1 FROM pg_extension WHERE extname = 'citus'$q$)) = 0 THEN
    RAISE WARNING 'function assign_distributed_transaction_id(integer, integer, unknown) does not exist';
    RAISE EXCEPTION 'failure on connection marked as essential: %:%', host, port USING ERRCODE = 'internal_error';
  END IF;
  server := stand_in.ask(host, port, $q$SELECT metadata->>'server_id' FROM pg_dist_node_metadata$q$);
  IF server = (SELECT metadata->>'server_id' FROM pg_dist_node_metadata) THEN
    RAISE EXCEPTION 'Node cannot add itself as a worker.'
      USING ERRCODE = 'internal_error', HINT = format('Add the node as a coordinator by using: SELECT citus_set_coordinator_host(%L, %s);', host, port);
  END IF;
END
$$;

CREATE FUNCTION stand_in.check_coordinator_host(worker_host text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  local_names constant text[] := '{localhost,127.0.0.1,::1}';
  coordinator text := (SELECT nodename FROM pg_dist_node WHERE groupid = 0);
BEGIN
  IF coordinator IS NULL THEN
    INSERT INTO pg_dist_node (groupid, nodename, nodeport, hasmetadata, metadatasynced, shouldhaveshards)
    VALUES (0, 'localhost', current_setting('port')::int, true, true, false);
  END IF;
  IF coalesce(coordinator, 'localhost') = 'localhost' AND worker_host <> ALL (local_names) THEN
    RAISE EXCEPTION 'cannot add a worker node when the coordinator hostname is set to localhost'
      USING ERRCODE = 'internal_error', DETAIL = 'Worker nodes need to be able to connect to the coordinator to transfer data.',
        HINT = 'Use SELECT citus_set_coordinator_host(''<hostname>'') to configure the coordinator hostname';
  END IF;
END
$$;

CREATE FUNCTION pg_catalog.citus_add_node(nodename text, nodeport int, groupid int DEFAULT -1,
  noderole noderole DEFAULT 'primary', nodecluster name DEFAULT 'default') RETURNS int
LANGUAGE plpgsql STRICT AS $$
#variable_conflict use_variable
DECLARE
  known int;
  wanted_group int := groupid;
BEGIN
  LOCK TABLE pg_dist_node IN EXCLUSIVE MODE;
  SELECT n.nodeid INTO known FROM pg_dist_node n WHERE n.nodename = citus_add_node.nodename AND n.nodeport = citus_add_node.nodeport;
  IF known IS NOT NULL THEN
    RETURN known;
  END IF;
  IF wanted_group <> 0 THEN
    PERFORM stand_in.check_coordinator_host(nodename);
    PERFORM stand_in.check_new_node(nodename, nodeport);
  END IF;
  INSERT INTO pg_dist_node AS n (groupid, nodename, nodeport, noderole, nodecluster, hasmetadata, metadatasynced, shouldhaveshards)
  VALUES (CASE WHEN wanted_group < 0 THEN nextval('pg_dist_groupid_seq') ELSE wanted_group END, nodename, nodeport,
    noderole, nodecluster, true, true, wanted_group <> 0) RETURNING n.nodeid INTO known;
  PERFORM stand_in.sync_nodes();
  RETURN known;
END
$$;

CREATE FUNCTION pg_catalog.citus_set_coordinator_host(host text, port int DEFAULT current_setting('port')::int,
  node_role noderole DEFAULT 'primary', node_cluster name DEFAULT 'default') RETURNS void
LANGUAGE plpgsql STRICT AS $$
BEGIN
  UPDATE pg_dist_node SET nodename = host, nodeport = port WHERE groupid = 0;
  IF NOT FOUND THEN
    PERFORM citus_add_node(host, port, 0, node_role, node_cluster);
  END IF;
  PERFORM stand_in.sync_nodes();
END
$$;

CREATE FUNCTION pg_catalog.citus_set_node_property(nodename text, nodeport int, property text, value boolean) RETURNS void
LANGUAGE plpgsql STRICT AS $$
DECLARE
  node pg_dist_node := stand_in.node_at(nodename, nodeport);
BEGIN
  IF property <> 'shouldhaveshards' THEN
    RAISE EXCEPTION 'only the ''shouldhaveshards'' property can be set using this function' USING ERRCODE = 'internal_error';
  END IF;
  UPDATE pg_dist_node n SET shouldhaveshards = value WHERE n.nodeid = node.nodeid;
  PERFORM stand_in.sync_nodes();
END
$$;

CREATE FUNCTION stand_in.check_no_only_placement(node pg_dist_node) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  only_here bigint := (SELECT min(p.shardid) FROM pg_dist_placement p WHERE p.groupid = node.groupid
    AND NOT EXISTS (SELECT FROM pg_dist_placement o WHERE o.shardid = p.shardid AND o.groupid <> p.groupid));
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
  node pg_dist_node := stand_in.node_at(nodename, nodeport);
BEGIN
  LOCK TABLE pg_dist_node IN EXCLUSIVE MODE;
  IF node.isactive AND node.groupid <> 0 THEN
    PERFORM stand_in.check_no_only_placement(node);
    -- Copies of reference tables are given up in a transaction with the node itself, while it has metadata.
    PERFORM stand_in.ask(nodename, nodeport, 'SELECT 1') FROM pg_dist_placement p
    WHERE p.groupid = node.groupid AND node.hasmetadata LIMIT 1;
  END IF;
  PERFORM stand_in.forget_server(node.groupid);
  DELETE FROM pg_dist_placement p WHERE p.groupid = node.groupid;
  DELETE FROM pg_dist_node n WHERE n.nodeid = node.nodeid;
  PERFORM stand_in.sync_nodes();
END
$$;

CREATE FUNCTION pg_catalog.citus_disable_node(nodename text, nodeport int, synchronous boolean DEFAULT false) RETURNS void
LANGUAGE plpgsql STRICT AS $$
DECLARE
  node pg_dist_node := stand_in.node_at(nodename, nodeport);
BEGIN
  PERFORM stand_in.check_no_only_placement(node);
  PERFORM stand_in.forget_server(node.groupid);
  DELETE FROM pg_dist_placement p WHERE p.groupid = node.groupid;
  UPDATE pg_dist_node n SET isactive = false, metadatasynced = false WHERE n.nodeid = node.nodeid;
END
$$;

CREATE FUNCTION pg_catalog.citus_activate_node(nodename text, nodeport int) RETURNS int
LANGUAGE plpgsql STRICT AS $$
DECLARE
  node pg_dist_node := stand_in.node_at(nodename, nodeport);
BEGIN
  UPDATE pg_dist_node n SET isactive = true, hasmetadata = true, metadatasynced = true WHERE n.nodeid = node.nodeid;
  PERFORM stand_in.sync_nodes();
  RETURN node.nodeid;
END
$$;

CREATE FUNCTION pg_catalog.start_metadata_sync_to_node(nodename text, nodeport int) RETURNS void
LANGUAGE sql STRICT AS $$
  SELECT citus_activate_node(nodename, nodeport)
$$;

CREATE FUNCTION pg_catalog.start_metadata_sync_to_all_nodes() RETURNS boolean
LANGUAGE plpgsql STRICT AS $$
BEGIN
  UPDATE pg_dist_node SET hasmetadata = true, metadatasynced = true WHERE isactive AND noderole = 'primary';
  PERFORM stand_in.sync_nodes();
  RETURN true;
END
$$;

CREATE FUNCTION pg_catalog.stop_metadata_sync_to_node(nodename text, nodeport int, clear_metadata boolean DEFAULT true) RETURNS void
LANGUAGE plpgsql STRICT AS $$
DECLARE
  node pg_dist_node := stand_in.node_at(nodename, nodeport);
BEGIN
  IF clear_metadata THEN
    BEGIN
      PERFORM stand_in.write_nodes(node, '[]', 0);
    EXCEPTION WHEN connection_exception OR connection_failure OR sqlclient_unable_to_establish_sqlconnection THEN
      -- A node that is away keeps its copy; it is no reason to fail.
      RAISE WARNING '%', SQLERRM;
    END;
  END IF;
  UPDATE pg_dist_node n SET hasmetadata = false, metadatasynced = false WHERE n.nodeid = node.nodeid;
END
$$;
