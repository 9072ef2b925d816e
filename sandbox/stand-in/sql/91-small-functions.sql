-- Look-ups that need no explanation.

CREATE FUNCTION pg_catalog.column_to_column_name(table_name regclass, column_var_text text) RETURNS text
LANGUAGE sql STABLE STRICT AS $$ SELECT column_var_text $$;

CREATE FUNCTION pg_catalog.citus_is_coordinator() RETURNS boolean
LANGUAGE sql STABLE STRICT AS $$
  SELECT (SELECT groupid FROM pg_dist_local_group) = 0 AND EXISTS (SELECT FROM pg_dist_node)
$$;

CREATE FUNCTION pg_catalog.citus_coordinator_nodeid() RETURNS int
LANGUAGE sql STABLE STRICT AS $$ SELECT nodeid FROM pg_dist_node WHERE groupid = 0 AND noderole = 'primary' $$;

-- The value needs a type here.
CREATE FUNCTION pg_catalog.get_shard_id_for_distribution_column(table_name regclass, distribution_value anyelement) RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (SELECT s.shardid FROM (SELECT shardid, row_number() OVER (ORDER BY shardminvalue::bigint) - 1 AS remainder, count(*) OVER () AS modulus
      FROM pg_dist_shard WHERE logicalrelid = table_name) s
    WHERE satisfies_hash_partition(table_name, s.modulus::int, s.remainder::int, distribution_value));
END
$$;

CREATE FUNCTION pg_catalog.get_nodeid_for_groupid(groupidinput int) RETURNS int
LANGUAGE sql STABLE AS $$ SELECT (stand_in.primary_of(groupidinput)).nodeid $$;

CREATE FUNCTION pg_catalog.citus_nodename_for_nodeid(nodeid int) RETURNS text
LANGUAGE sql STABLE STRICT AS $$ SELECT n.nodename FROM pg_dist_node n WHERE n.nodeid = citus_nodename_for_nodeid.nodeid $$;

CREATE FUNCTION pg_catalog.citus_nodeport_for_nodeid(nodeid int) RETURNS int
LANGUAGE sql STABLE STRICT AS $$ SELECT n.nodeport FROM pg_dist_node n WHERE n.nodeid = citus_nodeport_for_nodeid.nodeid $$;

CREATE FUNCTION pg_catalog.citus_get_active_worker_nodes(OUT node_name text, OUT node_port bigint) RETURNS SETOF record
LANGUAGE sql STABLE STRICT AS $$
  SELECT nodename, nodeport FROM pg_dist_node WHERE isactive AND noderole = 'primary' AND groupid <> 0
$$;

CREATE FUNCTION pg_catalog.master_get_active_worker_nodes(OUT node_name text, OUT node_port bigint) RETURNS SETOF record
LANGUAGE sql STABLE STRICT AS $$ SELECT * FROM citus_get_active_worker_nodes() $$;

-- Global process ids: node id times 10^10 plus the process id.
CREATE FUNCTION pg_catalog.citus_calculate_gpid(nodeid int, pid int) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT nodeid * 10000000000 + pid $$;

CREATE FUNCTION pg_catalog.citus_nodeid_for_gpid(global_pid bigint) RETURNS int
LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT (global_pid / 10000000000)::int $$;

CREATE FUNCTION pg_catalog.citus_pid_for_gpid(global_pid bigint) RETURNS int
LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT (global_pid % 10000000000)::int $$;

CREATE FUNCTION pg_catalog.citus_backend_gpid() RETURNS bigint
LANGUAGE sql STABLE STRICT AS $$ SELECT citus_calculate_gpid(coalesce(citus_coordinator_nodeid(), 0), pg_backend_pid()) $$;

-- Citus has these beside PostgreSQL's own, so that a parameter without a type is ambiguous.
CREATE FUNCTION pg_catalog.pg_cancel_backend(global_pid bigint) RETURNS boolean
LANGUAGE sql STRICT AS $$ SELECT pg_cancel_backend(citus_pid_for_gpid(global_pid)) $$;

CREATE FUNCTION pg_catalog.pg_terminate_backend(global_pid bigint, timeout bigint DEFAULT 0) RETURNS boolean
LANGUAGE sql STRICT AS $$ SELECT pg_terminate_backend(citus_pid_for_gpid(global_pid)) $$;

-- Citus shows the numbers of all sessions to everybody.
CREATE FUNCTION pg_catalog.get_all_active_transactions(OUT datid oid, OUT process_id int, OUT initiator_node_identifier int,
  OUT worker_query boolean, OUT transaction_number bigint, OUT transaction_stamp timestamptz, OUT global_pid bigint)
RETURNS SETOF record LANGUAGE sql STABLE STRICT AS $$
  SELECT a.datid, a.pid, n.nodeid, false, 0::bigint, now(), citus_calculate_gpid(coalesce(n.nodeid, 0), a.pid)
    FROM pg_stat_activity a LEFT JOIN (pg_dist_local_group g JOIN pg_dist_node n ON n.groupid = g.groupid AND n.noderole = 'primary') ON true
   WHERE a.datname = current_database() AND a.application_name !~ '^citus_(internal|run_command)'
$$;
