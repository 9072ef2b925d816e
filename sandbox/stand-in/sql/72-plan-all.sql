-- Tables to balance: one a colocation group. Those with fewer shards than there are nodes are balanced as one.
CREATE FUNCTION stand_in.load_lists(only_relation regclass, excluded bigint[], strategy pg_dist_rebalance_strategy, only_group int)
RETURNS TABLE (loads stand_in.load[])
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
    mine := ARRAY(SELECT l FROM unnest(stand_in.loads_of(relation, excluded, strategy)) l WHERE only_group IS NULL OR l.place = only_group);
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

-- With `only_group`, as if no other node had shards.
CREATE FUNCTION stand_in.plan(only_relation regclass, threshold real, most int, excluded bigint[], drain_only boolean,
  strategy pg_dist_rebalance_strategy, improvement real, only_group int DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  moves jsonb := '[]';
  list record;
  step record;
  after_drain jsonb := '[]';
BEGIN
  FOR list IN SELECT l.loads, row_number() OVER () AS number FROM stand_in.load_lists(only_relation, excluded, strategy, only_group) l LOOP
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
    -- Moves away from where shards may not be count, and are never too many.
    IF jsonb_array_length(moves) >= most THEN
      RAISE NOTICE 'Stopped searching before we were out of moves. Please rerun the rebalancer after it''s finished for a more optimal placement.';
      EXIT;
    END IF;
  END LOOP;
  RETURN moves;
END
$$;
