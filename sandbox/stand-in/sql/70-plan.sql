-- The rebalancer's plan: greedy, as Citus describes it. Shards leave nodes where they may not be, then go one by one
-- from the fullest node to the emptiest as long as that makes the two more even.

CREATE FUNCTION pg_catalog.citus_shard_cost_1(bigint) RETURNS real
LANGUAGE sql IMMUTABLE AS $$ SELECT 1.0::real $$;

CREATE FUNCTION stand_in.base_cost() RETURNS bigint
LANGUAGE sql STABLE AS $$ SELECT pg_size_bytes(coalesce(nullif(current_setting('citus.rebalancer_by_disk_size_base_cost', true), ''), '100MB')) $$;

-- Bytes of the whole shard group, and some for each group so that many empty ones count as well.
CREATE FUNCTION pg_catalog.citus_shard_cost_by_disk_size(bigint) RETURNS real
LANGUAGE sql STRICT AS $$
  SELECT (stand_in.base_cost() + coalesce(sum(z.size), 0))::real
  FROM stand_in.shard_group($1) g JOIN citus_shard_sizes() z ON z.shard_id = g.shardid
$$;

CREATE FUNCTION pg_catalog.citus_node_capacity_1(int) RETURNS real
LANGUAGE sql IMMUTABLE AS $$ SELECT 1.0::real $$;

CREATE FUNCTION pg_catalog.citus_shard_allowed_on_node_true(bigint, int) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$ SELECT true $$;

INSERT INTO pg_dist_rebalance_strategy VALUES
  ('by_shard_count', false, 'citus_shard_cost_1', 'citus_node_capacity_1', 'citus_shard_allowed_on_node_true', 0, 0, 0),
  ('by_disk_size', true, 'citus_shard_cost_by_disk_size', 'citus_node_capacity_1', 'citus_shard_allowed_on_node_true', 0.1, 0.01, 0.5);

-- All shards of the same hash range in tables that are colocated with the given one's.
CREATE FUNCTION stand_in.shard_group(shard bigint) RETURNS SETOF pg_dist_shard
LANGUAGE sql STABLE AS $$
  SELECT o.* FROM pg_dist_shard s JOIN pg_dist_partition t USING (logicalrelid)
    JOIN pg_dist_partition ot ON ot.colocationid = t.colocationid
    JOIN pg_dist_shard o ON o.logicalrelid = ot.logicalrelid AND o.shardminvalue IS NOT DISTINCT FROM s.shardminvalue
  WHERE s.shardid = shard ORDER BY o.shardid
$$;

-- Nodes as the planner sees them. A node that shall not have shards has no capacity and counts as full.
CREATE TYPE stand_in.fill AS (node int, place int, capacity real, cost real);
CREATE TYPE stand_in.load AS (shard bigint, place int, cost real);

CREATE FUNCTION stand_in.utilization(cost real, capacity real) RETURNS real
LANGUAGE sql IMMUTABLE AS $$ SELECT CASE WHEN capacity <= 0 THEN 'Infinity'::real ELSE cost / capacity END $$;

CREATE FUNCTION stand_in.fills(loads stand_in.load[], capacity_function regproc) RETURNS SETOF stand_in.fill
LANGUAGE plpgsql AS $$
DECLARE
  node pg_dist_node;
  capacity real;
BEGIN
  FOR node IN SELECT * FROM pg_dist_node WHERE isactive AND noderole = 'primary' LOOP
    capacity := 0;
    IF node.shouldhaveshards THEN
      EXECUTE format('SELECT %s($1)', capacity_function) INTO capacity USING node.nodeid;
    END IF;
    RETURN NEXT (node.nodeid, node.groupid, capacity,
      (SELECT coalesce(sum(l.cost), 0) FROM unnest(loads) l WHERE l.place = node.groupid))::stand_in.fill;
  END LOOP;
END
$$;

CREATE FUNCTION stand_in.allowed(shard bigint, place int, strategy pg_dist_rebalance_strategy) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
  node pg_dist_node := stand_in.primary_of(place);
  answer boolean;
BEGIN
  IF NOT node.shouldhaveshards THEN
    RETURN false;
  END IF;
  EXECUTE format('SELECT %s($1, $2)', strategy.shard_allowed_on_node_function) INTO answer USING shard, node.nodeid;
  RETURN answer;
END
$$;

-- One shard a group of a table, with the group's bytes. Asks each node once, and fails when one does not answer.
CREATE FUNCTION stand_in.loads_by_size(relation regclass, excluded bigint[]) RETURNS stand_in.load[]
LANGUAGE plpgsql AS $$
BEGIN
  RETURN (WITH sizes AS MATERIALIZED (SELECT z.* FROM pg_dist_node n, stand_in.sizes_on(n) z
      WHERE n.noderole = 'primary' AND n.isactive AND n.groupid IN (SELECT p.groupid FROM pg_dist_placement p))
    SELECT array_agg((s.shardid, p.groupid, (SELECT stand_in.base_cost() + coalesce(sum(z.bytes), 0)
        FROM stand_in.shard_group(s.shardid) g JOIN sizes z ON z.shard = g.shardid)::real)::stand_in.load ORDER BY s.shardid)
    FROM pg_dist_shard s JOIN pg_dist_placement p USING (shardid)
    WHERE s.logicalrelid = relation AND s.shardid <> ALL (excluded));
EXCEPTION WHEN connection_failure THEN
  RAISE EXCEPTION 'cannot get the size because of a connection error' USING ERRCODE = 'connection_failure';
END
$$;

-- One shard a group of a table, with its cost.
CREATE FUNCTION stand_in.loads_of(relation regclass, excluded bigint[], strategy pg_dist_rebalance_strategy) RETURNS stand_in.load[]
LANGUAGE plpgsql AS $$
DECLARE
  loads stand_in.load[];
BEGIN
  IF strategy.shard_cost_function = 'citus_shard_cost_by_disk_size'::regproc THEN
    RETURN stand_in.loads_by_size(relation, excluded);
  END IF;
  EXECUTE format('SELECT array_agg((s.shardid, p.groupid, %s(s.shardid))::stand_in.load ORDER BY s.shardid) '
    'FROM pg_dist_shard s JOIN pg_dist_placement p USING (shardid) WHERE s.logicalrelid = $1 AND s.shardid <> ALL ($2)',
    strategy.shard_cost_function) INTO loads USING relation, excluded;
  RETURN loads;
END
$$;
