-- Moving while the caller waits. Each step has a session of its own, and is done whatever becomes of the next.

CREATE FUNCTION stand_in.in_own_session(statement text) RETURNS void
LANGUAGE sql AS $$
  SELECT stand_in.tell_patiently(array[jsonb_populate_record(NULL::pg_dist_node,
    jsonb_build_object('nodename', '127.0.0.1', 'nodeport', current_setting('port')::int))], statement)
$$;

CREATE FUNCTION stand_in.check_no_job() RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  running bigint := stand_in.running_rebalance();
BEGIN
  IF running IS NOT NULL THEN
    RAISE EXCEPTION 'A rebalance is already running as job %', running USING ERRCODE = 'internal_error',
      DETAIL = 'A rebalance was already scheduled as background job', HINT = 'To monitor progress, run: SELECT * FROM citus_rebalance_status();';
  END IF;
END
$$;

CREATE FUNCTION stand_in.move_now(shard bigint, source pg_dist_node, target pg_dist_node, mode citus.shard_transfer_mode) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  RAISE NOTICE 'Moving shard % from %:% to %:% ...', shard, source.nodename, source.nodeport, target.nodename, target.nodeport;
  PERFORM stand_in.in_own_session(format('SELECT citus_move_shard_placement(%s, %s, %s, %L)', shard, source.nodeid, target.nodeid, mode));
END
$$;

CREATE FUNCTION pg_catalog.rebalance_table_shards(relation regclass DEFAULT NULL, threshold real DEFAULT NULL, max_shard_moves int DEFAULT 1000000,
  excluded_shard_list bigint[] DEFAULT '{}', shard_transfer_mode citus.shard_transfer_mode DEFAULT 'auto', drain_only boolean DEFAULT false,
  rebalance_strategy name DEFAULT NULL) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM stand_in.check_no_job();
  PERFORM stand_in.move_now(m.shard, stand_in.primary_of(m.source), stand_in.primary_of(m.target), shard_transfer_mode)
  FROM stand_in.checked_plan(relation, threshold, max_shard_moves, excluded_shard_list, drain_only, rebalance_strategy) m;
END
$$;

CREATE FUNCTION pg_catalog.citus_drain_node(nodename text, nodeport int, shard_transfer_mode citus.shard_transfer_mode DEFAULT 'auto',
  rebalance_strategy name DEFAULT NULL) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  node pg_dist_node := stand_in.node_at(nodename, nodeport);
BEGIN
  PERFORM stand_in.in_own_session(format('SELECT citus_set_node_property(%L, %s, ''shouldhaveshards'', false)', nodename, nodeport));
  PERFORM stand_in.check_no_job();
  PERFORM stand_in.move_now(m.shard, stand_in.primary_of(m.source), stand_in.primary_of(m.target), shard_transfer_mode)
  FROM stand_in.checked_plan(NULL, NULL, 0, '{}', true, rebalance_strategy, NULL, node.groupid) m;
END
$$;
