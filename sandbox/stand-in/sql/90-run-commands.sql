-- Statements that someone wants to run on nodes. What fails is answered in its row.

CREATE FUNCTION stand_in.try_on(host text, port int, statement text, OUT success boolean, OUT result text)
LANGUAGE plpgsql AS $$
BEGIN
  success := true;
  result := coalesce((SELECT answer FROM stand_in.ask(host, port, statement) answer LIMIT 1), '');
EXCEPTION
  WHEN connection_failure THEN
    success := false;
    result := CASE WHEN SQLERRM LIKE 'connection to the remote node%' THEN format('failed to connect to %s:%s', host, port) ELSE 'ERROR:  ' || SQLERRM END;
  WHEN OTHERS THEN
    success := false;
    result := 'ERROR:  ' || SQLERRM;
END
$$;

CREATE FUNCTION pg_catalog.run_command_on_workers(command text, parallel boolean DEFAULT true,
  OUT nodename text, OUT nodeport int, OUT success boolean, OUT result text) RETURNS SETOF record
LANGUAGE sql AS $$
  SELECT n.nodename, n.nodeport, t.success, t.result
  FROM (SELECT * FROM pg_dist_node WHERE groupid <> 0 AND isactive AND noderole = 'primary' ORDER BY nodename, nodeport) n,
    LATERAL stand_in.try_on(n.nodename, n.nodeport, command) t
$$;

CREATE FUNCTION pg_catalog.run_command_on_all_nodes(command text, parallel boolean DEFAULT true,
  give_warning_for_connection_errors boolean DEFAULT false, OUT nodeid int, OUT success boolean, OUT result text) RETURNS SETOF record
LANGUAGE sql AS $$
  SELECT n.nodeid, t.success, t.result
  FROM (SELECT * FROM pg_dist_node WHERE isactive AND noderole = 'primary' ORDER BY nodeid) n,
    LATERAL stand_in.try_on(n.nodename, n.nodeport, command) t
$$;

CREATE FUNCTION pg_catalog.master_run_on_worker(worker_name text[], port int[], command text[], parallel boolean,
  OUT node_name text, OUT node_port int, OUT success boolean, OUT result text) RETURNS SETOF record
LANGUAGE sql STRICT AS $$
  SELECT w.host, w.at, t.success, t.result
  FROM unnest(worker_name, port, command) w (host, at, statement), LATERAL stand_in.try_on(w.host, w.at, w.statement) t
$$;

-- `%s` in the command stands for the shard's name.
CREATE FUNCTION pg_catalog.run_command_on_shards(table_name regclass, command text, parallel boolean DEFAULT true,
  OUT shardid bigint, OUT success boolean, OUT result text) RETURNS SETOF record
LANGUAGE sql AS $$
  SELECT s.shardid, t.success, t.result
  FROM pg_dist_shard s JOIN pg_dist_placement p USING (shardid), stand_in.primary_of(p.groupid) n,
    LATERAL stand_in.try_on(n.nodename, n.nodeport, format(command, shard_name(s.logicalrelid, s.shardid, false))) t
  WHERE s.logicalrelid = table_name ORDER BY s.shardid
$$;

CREATE FUNCTION stand_in.reaches(host text, port int) RETURNS boolean
LANGUAGE sql AS $$ SELECT success FROM stand_in.try_on(host, port, 'SELECT 1') $$;

-- From every node to every node; null from a node that does not answer itself.
CREATE FUNCTION pg_catalog.citus_check_cluster_node_health(OUT from_nodename text, OUT from_nodeport int, OUT to_nodename text,
  OUT to_nodeport int, OUT result boolean) RETURNS SETOF record
LANGUAGE sql STRICT AS $$
  SELECT f.nodename, f.nodeport, t.nodename, t.nodeport, CASE WHEN a.success THEN a.result::boolean END
  FROM pg_dist_node f, pg_dist_node t,
    LATERAL stand_in.try_on(f.nodename, f.nodeport, format('SELECT stand_in.reaches(%L, %s)', t.nodename, t.nodeport)) a
  WHERE f.isactive AND t.isactive AND f.noderole = 'primary' AND t.noderole = 'primary'
$$;
