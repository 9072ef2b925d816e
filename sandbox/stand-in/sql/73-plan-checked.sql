-- The plan as it is asked for.

CREATE FUNCTION stand_in.strategy_named(wanted name) RETURNS pg_dist_rebalance_strategy
LANGUAGE plpgsql STABLE AS $$
DECLARE
  strategy pg_dist_rebalance_strategy;
BEGIN
  SELECT * INTO strategy FROM pg_dist_rebalance_strategy s WHERE CASE WHEN wanted IS NULL THEN s.default_strategy ELSE s.name = wanted END;
  IF strategy.name IS NULL THEN
    RAISE EXCEPTION 'could not find rebalance strategy with name %', wanted USING ERRCODE = 'internal_error';
  END IF;
  RETURN strategy;
END
$$;

CREATE FUNCTION stand_in.check_relation_moves(relation regclass) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  kind "char" := (SELECT partmethod FROM pg_dist_partition WHERE logicalrelid = relation);
BEGIN
  IF kind = 'n' THEN
    RAISE EXCEPTION 'table % is a reference table, moving shard of a reference table is not supported', stand_in.qualified_name(relation)
      USING ERRCODE = 'feature_not_supported';
  END IF;
  IF relation IS NOT NULL AND kind IS NULL THEN
    RAISE EXCEPTION 'table % is a regular postgres table, you can only move shards of a citus table', stand_in.qualified_name(relation)
      USING ERRCODE = 'feature_not_supported';
  END IF;
END
$$;

CREATE FUNCTION stand_in.allowed_threshold(threshold real, strategy pg_dist_rebalance_strategy) RETURNS real
LANGUAGE plpgsql AS $$
BEGIN
  IF threshold < strategy.minimum_threshold THEN
    RAISE WARNING 'the given threshold is lower than the minimum threshold allowed by the rebalance strategy, using the minimum allowed threshold instead'
      USING DETAIL = format('Using threshold of %s', to_char(strategy.minimum_threshold, 'FM0.00'));
  END IF;
  RETURN greatest(threshold, strategy.minimum_threshold);
END
$$;

-- The first shard of each group that moves, in order.
CREATE FUNCTION stand_in.checked_plan(relation regclass, threshold real, max_shard_moves int, excluded_shard_list bigint[], drain_only boolean,
  rebalance_strategy name, improvement_threshold real DEFAULT NULL, only_group int DEFAULT NULL) RETURNS TABLE (number bigint, shard bigint, source int, target int)
LANGUAGE plpgsql AS $$
DECLARE
  strategy pg_dist_rebalance_strategy := stand_in.strategy_named(rebalance_strategy);
  nodes int := (SELECT count(*) FROM pg_dist_node WHERE isactive AND noderole = 'primary' AND shouldhaveshards);
BEGIN
  PERFORM stand_in.check_relation_moves(relation);
  IF nodes < 1 THEN
    RAISE EXCEPTION 'Shard replication factor (1) cannot be greater than number of nodes with should_have_shards=true (%).', nodes USING ERRCODE = 'internal_error';
  END IF;
  RETURN QUERY
  SELECT m.ordinality, (m.move->>'shard')::bigint, (m.move->>'from')::int, (m.move->>'to')::int
  FROM jsonb_array_elements(stand_in.plan(relation, stand_in.allowed_threshold(coalesce(threshold, strategy.default_threshold), strategy), max_shard_moves,
    excluded_shard_list, drain_only, strategy, coalesce(improvement_threshold, strategy.improvement_threshold), only_group)) WITH ORDINALITY m (move, ordinality);
END
$$;

-- A row for every shard of a group that moves; Citus 13.2 answers 0 for the size too. Contacts nobody, unless the
-- strategy goes by size.
CREATE FUNCTION pg_catalog.get_rebalance_table_shards_plan(relation regclass DEFAULT NULL, threshold real DEFAULT NULL,
  max_shard_moves int DEFAULT 1000000, excluded_shard_list bigint[] DEFAULT '{}', drain_only boolean DEFAULT false,
  rebalance_strategy name DEFAULT NULL, improvement_threshold real DEFAULT NULL)
RETURNS TABLE (table_name regclass, shardid bigint, shard_size bigint, sourcename text, sourceport int, targetname text, targetport int)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  SELECT g.logicalrelid, g.shardid, 0::bigint, f.nodename, f.nodeport, t.nodename, t.nodeport
  FROM stand_in.checked_plan(relation, threshold, max_shard_moves, excluded_shard_list, drain_only, rebalance_strategy, improvement_threshold) m,
    stand_in.shard_group(m.shard) g, stand_in.primary_of(m.source) f, stand_in.primary_of(m.target) t
  ORDER BY m.number, g.shardid;
END
$$;

CREATE FUNCTION pg_catalog.citus_add_rebalance_strategy(name name, shard_cost_function regproc, node_capacity_function regproc,
  shard_allowed_on_node_function regproc, default_threshold real, minimum_threshold real DEFAULT 0, improvement_threshold real DEFAULT 0) RETURNS void
LANGUAGE sql AS $$
  INSERT INTO pg_dist_rebalance_strategy VALUES (name, false, shard_cost_function, node_capacity_function, shard_allowed_on_node_function,
    default_threshold, minimum_threshold, improvement_threshold)
$$;

CREATE FUNCTION pg_catalog.citus_set_default_rebalance_strategy(name text) RETURNS void
LANGUAGE plpgsql STRICT AS $$
#variable_conflict use_column
BEGIN
  IF NOT EXISTS (SELECT FROM pg_dist_rebalance_strategy s WHERE s.name = $1) THEN
    RAISE EXCEPTION 'strategy with specified name does not exist';
  END IF;
  UPDATE pg_dist_rebalance_strategy s SET default_strategy = s.name = $1;
END
$$;
