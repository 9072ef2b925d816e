-- Tables to balance: one a colocation group. Those with fewer shards than there are nodes are balanced as one.
CREATE FUNCTION stand_in.load_lists(only_relation regclass, excluded bigint[], strategy pg_dist_rebalance_strategy) RETURNS TABLE (loads stand_in.load[])
LANGUAGE plpgsql AS $$
DECLARE
  relation regclass;
  mine stand_in.load[];
  few stand_in.load[] := '{}';
  nodes int := (SELECT count(*) FROM pg_dist_node WHERE isactive AND noderole = 'primary' AND shouldhaveshards);
BEGIN
  FOR relation IN SELECT min(t.logicalrelid::oid) FROM pg_dist_partition t WHERE t.partmethod <> 'n'
    AND (only_relation IS NULL OR t.colocationid = (SELECT o.colocationid FROM pg_dist_partition o WHERE o.logicalrelid = only_relation))
    GROUP BY t.colocationid ORDER BY 1
  LOOP
    mine := coalesce(stand_in.loads_of(relation, excluded, strategy), '{}');
    IF cardinality(mine) >= nodes THEN
      loads := mine;
      RETURN NEXT;
    ELSE
      few := few || mine;
    END IF;
  END LOOP;
  IF cardinality(few) > 0 THEN
    loads := few;
    RETURN NEXT;
  END IF;
END
$$;

CREATE FUNCTION stand_in.plan(only_relation regclass, threshold real, most int, excluded bigint[], drain_only boolean,
  strategy pg_dist_rebalance_strategy, improvement real) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  moves jsonb := '[]';
  list record;
  step record;
  after_drain jsonb := '[]';
BEGIN
  FOR list IN SELECT l.loads, row_number() OVER () AS number FROM stand_in.load_lists(only_relation, excluded, strategy) l LOOP
    step := stand_in.plan_drain(list.loads, strategy);
    moves := moves || step.moves;
    after_drain := after_drain || jsonb_build_array(to_jsonb(step.loads));
  END LOOP;
  IF drain_only THEN
    RETURN moves;
  END IF;
  FOR list IN SELECT ARRAY(SELECT jsonb_populate_record(NULL::stand_in.load, l) FROM jsonb_array_elements(value) l) AS loads
    FROM jsonb_array_elements(after_drain) LOOP
    step := stand_in.plan_balance(list.loads, strategy, threshold, improvement, most - jsonb_array_length(moves));
    moves := moves || step.moves;
  END LOOP;
  RETURN moves;
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
DECLARE
  strategy pg_dist_rebalance_strategy;
  nodes int := (SELECT count(*) FROM pg_dist_node WHERE isactive AND noderole = 'primary' AND shouldhaveshards);
BEGIN
  SELECT * INTO strategy FROM pg_dist_rebalance_strategy s WHERE CASE WHEN rebalance_strategy IS NULL THEN s.default_strategy ELSE s.name = rebalance_strategy END;
  IF strategy IS NULL THEN
    RAISE EXCEPTION 'could not find rebalance strategy with name %', rebalance_strategy USING ERRCODE = 'internal_error';
  END IF;
  IF nodes < 1 THEN
    RAISE EXCEPTION 'Shard replication factor (1) cannot be greater than number of nodes with should_have_shards=true (%).', nodes USING ERRCODE = 'internal_error';
  END IF;
  RETURN QUERY
  SELECT g.logicalrelid, g.shardid, 0::bigint, f.nodename, f.nodeport, t.nodename, t.nodeport
  FROM jsonb_array_elements(stand_in.plan(relation, coalesce(threshold, strategy.default_threshold), max_shard_moves,
      excluded_shard_list, drain_only, strategy, coalesce(improvement_threshold, strategy.improvement_threshold))) WITH ORDINALITY m (move, number),
    stand_in.shard_group((move->>'shard')::bigint) g,
    stand_in.primary_of((move->>'from')::int) f, stand_in.primary_of((move->>'to')::int) t
  ORDER BY m.number, g.shardid;
END
$$;
