-- Moves off nodes where a shard may not be: the dearest first, each to the emptiest node that may have it.
CREATE FUNCTION stand_in.plan_drain(INOUT loads stand_in.load[], strategy pg_dist_rebalance_strategy, OUT moves jsonb)
LANGUAGE plpgsql AS $$
DECLARE
  moving stand_in.load;
  target int;
BEGIN
  moves := '[]';
  FOR moving IN SELECT l.* FROM unnest(loads) l WHERE NOT stand_in.allowed(l.shard, l.place, strategy) ORDER BY l.cost DESC, l.shard LOOP
    SELECT f.place INTO target FROM stand_in.fills(loads, strategy.node_capacity_function) f
    WHERE f.place <> moving.place AND stand_in.allowed(moving.shard, f.place, strategy)
    ORDER BY stand_in.utilization(f.cost, f.capacity), f.capacity DESC, f.node LIMIT 1;
    IF target IS NULL THEN
      RAISE WARNING 'Not allowed to move shard % anywhere from %:%', moving.shard,
        (stand_in.primary_of(moving.place)).nodename, (stand_in.primary_of(moving.place)).nodeport;
      CONTINUE;
    END IF;
    moves := moves || jsonb_build_object('shard', moving.shard, 'from', moving.place, 'to', target);
    loads := stand_in.moved(loads, moving.shard, target);
  END LOOP;
END
$$;

CREATE FUNCTION stand_in.moved(loads stand_in.load[], moving bigint, target int) RETURNS stand_in.load[]
LANGUAGE sql IMMUTABLE AS $$
  SELECT array_agg((l.shard, CASE WHEN l.shard = moving THEN target ELSE l.place END, l.cost)::stand_in.load ORDER BY l.shard) FROM unnest(loads) l
$$;

-- The next move that makes two nodes more even: from the fullest node that has one, to the emptiest that takes it.
CREATE FUNCTION stand_in.next_balancing_move(loads stand_in.load[], strategy pg_dist_rebalance_strategy, threshold real,
  improvement_threshold real, OUT shard bigint, OUT source int, OUT target int)
LANGUAGE plpgsql AS $$
DECLARE
  fills stand_in.fill[] := (SELECT array_agg(f ORDER BY stand_in.utilization(f.cost, f.capacity), f.capacity DESC, f.node)
    FROM stand_in.fills(loads, strategy.node_capacity_function) f);
  average real := (SELECT sum(f.cost) / sum(f.capacity) FROM unnest(fills) f);
  low real := (1.0 - threshold) * average;
  high real := (1.0 + threshold) * average;
  s stand_in.fill;
  t stand_in.fill;
  moving stand_in.load;
  s_now real; t_now real; s_new real; t_new real;
BEGIN
  FOR i IN REVERSE cardinality(fills) .. 1 LOOP
    s := fills[i];
    s_now := stand_in.utilization(s.cost, s.capacity);
    EXIT WHEN s_now <= low;
    FOREACH t IN ARRAY fills LOOP
      t_now := stand_in.utilization(t.cost, t.capacity);
      EXIT WHEN t_now >= high OR (t_now >= low AND s_now <= high);
      FOR moving IN SELECT l.* FROM unnest(loads) l WHERE l.place = s.place AND s.place <> t.place ORDER BY l.cost DESC, l.shard LOOP
        CONTINUE WHEN NOT stand_in.allowed(moving.shard, t.place, strategy);
        s_new := stand_in.utilization(s.cost - moving.cost, s.capacity);
        t_new := stand_in.utilization(t.cost + moving.cost, t.capacity);
        IF t_new > s_new THEN
          CONTINUE WHEN t_new > s_now OR (t_new = s_now AND s_new <= t_now);
          CONTINUE WHEN greatest(s_now - t_new, s_new - t_now) / least(t_new - t_now, s_now - s_new) < improvement_threshold;
        END IF;
        shard := moving.shard;
        source := s.place;
        target := t.place;
        RETURN;
      END LOOP;
    END LOOP;
  END LOOP;
END
$$;

CREATE FUNCTION stand_in.plan_balance(INOUT loads stand_in.load[], strategy pg_dist_rebalance_strategy, threshold real,
  improvement_threshold real, most int, OUT moves jsonb)
LANGUAGE plpgsql AS $$
DECLARE
  next record;
BEGIN
  moves := '[]';
  WHILE jsonb_array_length(moves) < most LOOP
    next := stand_in.next_balancing_move(loads, strategy, threshold, improvement_threshold);
    EXIT WHEN next.shard IS NULL;
    moves := moves || jsonb_build_object('shard', next.shard, 'from', next.source, 'to', next.target);
    loads := stand_in.moved(loads, next.shard, next.target);
  END LOOP;
END
$$;
