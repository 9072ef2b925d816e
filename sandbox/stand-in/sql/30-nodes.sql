-- Nodes of the cluster: adding and changing them.

CREATE FUNCTION pg_catalog.citus_version() RETURNS text
LANGUAGE sql STABLE STRICT AS $$
  SELECT 'Citus 13.2.2 stand-in (a test double, not Citus) on ' || split_part(version(), ' on ', 2)
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

-- What no new node may be, whatever its role. Answers its group.
CREATE FUNCTION stand_in.group_for_new(wanted_group int, role noderole, cluster name) RETURNS int
LANGUAGE plpgsql AS $$
DECLARE
  place int := CASE WHEN wanted_group < 0 THEN nextval('pg_dist_groupid_seq') ELSE wanted_group END;
BEGIN
  IF role = 'primary' AND (stand_in.primary_of(place)).nodeid IS NOT NULL THEN
    RAISE EXCEPTION 'group % already has a primary node', place USING ERRCODE = 'internal_error';
  END IF;
  IF role = 'primary' AND cluster <> 'default' THEN
    RAISE EXCEPTION 'primaries must be added to the default cluster' USING ERRCODE = 'internal_error';
  END IF;
  RETURN place;
END
$$;

-- A row for a node, or the one that has the address already. Contacts nobody.
CREATE FUNCTION stand_in.insert_node(host text, port int, wanted_group int, role noderole, cluster name, active boolean,
  OUT node pg_dist_node, OUT is_new boolean)
LANGUAGE plpgsql AS $$
BEGIN
  LOCK TABLE pg_dist_node IN EXCLUSIVE MODE;
  SELECT n.* INTO node FROM pg_dist_node n WHERE n.nodename = host AND n.nodeport = port;
  is_new := node.nodeid IS NULL;
  IF NOT is_new THEN
    RETURN;
  END IF;
  IF wanted_group <> 0 THEN
    PERFORM stand_in.check_coordinator_host(host);
  END IF;
  INSERT INTO pg_dist_node AS n (groupid, nodename, nodeport, noderole, nodecluster, isactive, shouldhaveshards)
  VALUES (stand_in.group_for_new(wanted_group, role, cluster), host, port, role, cluster, active, wanted_group <> 0) RETURNING n.* INTO node;
END
$$;

CREATE FUNCTION pg_catalog.citus_add_node(nodename text, nodeport int, groupid int DEFAULT -1,
  noderole noderole DEFAULT 'primary', nodecluster name DEFAULT 'default') RETURNS int
LANGUAGE plpgsql STRICT AS $$
#variable_conflict use_variable
DECLARE
  added record := stand_in.insert_node(nodename, nodeport, groupid, noderole, nodecluster, true);
BEGIN
  IF NOT added.is_new THEN
    RETURN (added.node).nodeid;
  END IF;
  IF groupid <> 0 AND noderole = 'primary' THEN
    PERFORM stand_in.check_new_node(nodename, nodeport);
  END IF;
  UPDATE pg_dist_node n SET hasmetadata = true, metadatasynced = true WHERE n.nodeid = (added.node).nodeid AND noderole = 'primary';
  PERFORM stand_in.sync_nodes();
  RETURN (added.node).nodeid;
END
$$;

-- Nobody looks whether there is a server until it is activated.
CREATE FUNCTION pg_catalog.citus_add_inactive_node(nodename text, nodeport int, groupid int DEFAULT -1,
  noderole noderole DEFAULT 'primary', nodecluster name DEFAULT 'default') RETURNS int
LANGUAGE plpgsql STRICT AS $$
DECLARE
  added record := stand_in.insert_node(nodename, nodeport, groupid, noderole, nodecluster, false);
BEGIN
  PERFORM stand_in.sync_nodes();
  RETURN (added.node).nodeid;
END
$$;

-- A standby is a row and no more: no statement goes there, and nobody looks whether it is one.
CREATE FUNCTION pg_catalog.citus_add_secondary_node(nodename text, nodeport int, primaryname text, primaryport int,
  nodecluster name DEFAULT 'default') RETURNS int
LANGUAGE plpgsql STRICT AS $$
DECLARE
  leader pg_dist_node := stand_in.node_at(primaryname, primaryport);
  added record := stand_in.insert_node(nodename, nodeport, leader.groupid, 'secondary', nodecluster, true);
BEGIN
  PERFORM stand_in.sync_nodes();
  RETURN (added.node).nodeid;
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
  node pg_dist_node := stand_in.node_to_change(nodename, nodeport);
BEGIN
  IF property <> 'shouldhaveshards' THEN
    RAISE EXCEPTION 'only the ''shouldhaveshards'' property can be set using this function' USING ERRCODE = 'internal_error';
  END IF;
  UPDATE pg_dist_node n SET shouldhaveshards = value WHERE n.nodeid = node.nodeid;
  PERFORM stand_in.sync_nodes();
END
$$;
