-- Each worker with metadata has a copy of pg_dist_node. Most changes reach the copies at once or fail; an address that
-- changes and a node that is disabled reach them some time later.

CREATE FUNCTION stand_in.metadata_nodes() RETURNS SETOF pg_dist_node
LANGUAGE sql STABLE AS $$
  SELECT * FROM pg_dist_node WHERE groupid <> 0 AND hasmetadata AND isactive AND noderole = 'primary' ORDER BY nodeid
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

CREATE FUNCTION stand_in.check_in_sync() RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  late pg_dist_node;
BEGIN
  SELECT * INTO late FROM stand_in.metadata_nodes() WHERE NOT metadatasynced LIMIT 1;
  IF late.nodeid IS NOT NULL THEN
    -- Whoever was at it may have died with the coordinator.
    PERFORM stand_in.sync_later();
    RAISE EXCEPTION '%:% is a metadata node, but is out of sync', late.nodename, late.nodeport
      USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'If the node is up, wait until metadata gets synced to it and try again.';
  END IF;
END
$$;

-- Tells every worker with metadata which nodes there are and which one it is. Fails when one does not answer.
CREATE FUNCTION stand_in.sync_nodes() RETURNS void
LANGUAGE sql AS $$
  SELECT stand_in.check_in_sync();
  SELECT stand_in.write_nodes(n, (SELECT jsonb_agg(o) FROM pg_dist_node o), n.groupid) FROM stand_in.metadata_nodes() n
$$;

-- What changes tables or placements has to reach all copies too. There is nothing to write here: they know no tables.
CREATE FUNCTION stand_in.reach_metadata_nodes() RETURNS void
LANGUAGE sql AS $$
  SELECT stand_in.check_in_sync();
  SELECT stand_in.ask(n.nodename, n.nodeport, 'SELECT 1') FROM stand_in.metadata_nodes() n
$$;

-- From now on the copies are old. Someone else sees to them when this transaction has ended.
CREATE FUNCTION stand_in.leave_sync_for_later() RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  UPDATE pg_dist_node SET metadatasynced = false WHERE hasmetadata AND metadatasynced AND groupid <> 0;
  IF FOUND THEN
    PERFORM stand_in.sync_later();
  END IF;
END
$$;

CREATE FUNCTION stand_in.sync_later() RETURNS void
LANGUAGE sql AS $$ SELECT stand_in.leave_behind('CALL stand_in.sync_until_done()') $$;

CREATE FUNCTION stand_in.sync_class() RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT 7304 $$;

-- Those that answer are in sync from now on. False while one doesn't, or somebody changes nodes.
CREATE FUNCTION stand_in.sync_reachable() RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
  LOCK TABLE pg_dist_node IN EXCLUSIVE MODE NOWAIT;
  UPDATE pg_dist_node n SET metadatasynced = true
  FROM stand_in.metadata_nodes() m WHERE n.nodeid = m.nodeid AND NOT m.metadatasynced AND stand_in.reaches(m.nodename, m.nodeport);
  PERFORM stand_in.write_nodes(n, (SELECT jsonb_agg(o) FROM pg_dist_node o), n.groupid) FROM stand_in.metadata_nodes() n WHERE n.metadatasynced;
  RETURN NOT EXISTS (SELECT FROM stand_in.metadata_nodes() WHERE NOT metadatasynced);
EXCEPTION WHEN lock_not_available OR connection_failure THEN
  RETURN false;
END
$$;

-- One session is enough. Whoever finds another at work looks a second time, since that one may be about to end.
CREATE PROCEDURE stand_in.sync_until_done()
LANGUAGE plpgsql AS $$
BEGIN
  IF NOT pg_try_advisory_lock(stand_in.sync_class(), 0) THEN
    PERFORM pg_sleep(1);
    IF NOT pg_try_advisory_lock(stand_in.sync_class(), 0) THEN
      RETURN;
    END IF;
  END IF;
  FOR attempt IN 1 .. 3600 LOOP
    COMMIT;
    EXIT WHEN stand_in.sync_reachable();
    COMMIT;
    PERFORM pg_sleep(0.5);
  END LOOP;
END
$$;

CREATE FUNCTION pg_catalog.start_metadata_sync_to_node(nodename text, nodeport int) RETURNS void
LANGUAGE plpgsql STRICT AS $$
BEGIN
  PERFORM citus_activate_node(nodename, nodeport);
END
$$;

CREATE FUNCTION pg_catalog.start_metadata_sync_to_all_nodes() RETURNS boolean
LANGUAGE plpgsql STRICT AS $$
BEGIN
  LOCK TABLE pg_dist_node IN EXCLUSIVE MODE;
  UPDATE pg_dist_node SET hasmetadata = true, metadatasynced = true WHERE isactive AND noderole = 'primary';
  PERFORM stand_in.sync_nodes();
  RETURN true;
END
$$;

-- A node that does not answer keeps what it has.
CREATE FUNCTION pg_catalog.stop_metadata_sync_to_node(nodename text, nodeport int, clear_metadata boolean DEFAULT true) RETURNS void
LANGUAGE plpgsql STRICT AS $$
DECLARE
  node pg_dist_node := stand_in.node_to_change(nodename, nodeport);
BEGIN
  IF clear_metadata AND node.hasmetadata THEN
    RAISE NOTICE 'dropping metadata on the node (%,%)', nodename, nodeport;
    PERFORM stand_in.write_nodes(node, '[]', 0) WHERE stand_in.reaches(nodename, nodeport);
  END IF;
  UPDATE pg_dist_node n SET hasmetadata = false, metadatasynced = false WHERE n.nodeid = node.nodeid;
  PERFORM stand_in.sync_nodes();
END
$$;
