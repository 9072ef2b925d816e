-- A rebalance as a background job: a task for each shard group that moves, after one that copies reference tables to
-- nodes that lack them.

CREATE TYPE stand_in.planned_move AS (shard bigint, colocation int, source int, target int);

-- One a shard group, named by the shard of its first table, in the order of the plan.
CREATE FUNCTION stand_in.planned_moves(strategy name, only_drain boolean) RETURNS stand_in.planned_move[]
LANGUAGE sql AS $$
  SELECT array_agg((p.shardid, t.colocationid, s.nodeid, n.nodeid)::stand_in.planned_move ORDER BY p.ordinality)
  FROM get_rebalance_table_shards_plan(rebalance_strategy := strategy, drain_only := only_drain) WITH ORDINALITY p
    JOIN pg_dist_partition t ON t.logicalrelid = p.table_name
    JOIN pg_dist_node s ON s.nodename = p.sourcename AND s.nodeport = p.sourceport
    JOIN pg_dist_node n ON n.nodename = p.targetname AND n.nodeport = p.targetport
  WHERE t.logicalrelid::oid = (SELECT min(o.logicalrelid::oid) FROM pg_dist_partition o WHERE o.colocationid = t.colocationid)
$$;

-- One rebalance at a time, also among those whose transactions are still open.
CREATE FUNCTION stand_in.check_no_other_rebalance(operation text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  relation regclass;
BEGIN
  FOR relation IN SELECT min(logicalrelid::oid) FROM pg_dist_partition WHERE partmethod <> 'n' GROUP BY colocationid ORDER BY 1 LOOP
    IF NOT pg_try_advisory_xact_lock(stand_in.rebalance_class(), relation::oid::int) THEN
      RAISE EXCEPTION 'could not acquire the lock required to % %', operation, stand_in.qualified_name(relation) USING ERRCODE = 'internal_error',
        DETAIL = 'It means that either a concurrent shard move or shard copy is happening.',
        HINT = 'Make sure that the concurrent operation has finished and re-run the command';
    END IF;
  END LOOP;
  PERFORM stand_in.check_no_job();
END
$$;

CREATE FUNCTION stand_in.rebalance_class() RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT 7306 $$;

CREATE FUNCTION stand_in.check_not_null(name text, given text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  IF given IS NULL THEN
    RAISE EXCEPTION '% cannot be NULL', name USING ERRCODE = 'null_value_not_allowed';
  END IF;
END
$$;

-- A move waits for the one before it in its colocation group, unless they may run beside each other, and for moves
-- that make room on its target. What waits for none of these waits for the copy of reference tables.
CREATE FUNCTION stand_in.add_moves(job bigint, moves stand_in.planned_move[], mode citus.shard_transfer_mode, copy bigint, beside boolean) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  move stand_in.planned_move;
  tasks bigint[] := '{}';
  depends bigint[];
BEGIN
  FOREACH move IN ARRAY moves LOOP
    depends := ARRAY(SELECT tasks[e.number] FROM unnest(moves) WITH ORDINALITY e (shard, colocation, source, target, number)
      WHERE e.number <= cardinality(tasks) AND (e.source = move.target OR (NOT beside AND e.number = (SELECT max(l.number)
        FROM unnest(moves) WITH ORDINALITY l (shard, colocation, source, target, number)
        WHERE l.number <= cardinality(tasks) AND l.colocation = move.colocation))));
    IF cardinality(depends) = 0 AND copy IS NOT NULL THEN
      depends := array[copy];
    END IF;
    tasks := tasks || stand_in.add_task(job, format('SELECT pg_catalog.citus_move_shard_placement(%s,%s,%s,%L)', move.shard, move.source, move.target, mode),
      array[move.source, move.target], depends);
  END LOOP;
END
$$;

-- Reference tables are copied by one task, however that was asked for.
CREATE FUNCTION pg_catalog.citus_rebalance_start(rebalance_strategy name DEFAULT NULL, drain_only boolean DEFAULT false,
  shard_transfer_mode citus.shard_transfer_mode DEFAULT 'auto', parallel_transfer_reference_tables boolean DEFAULT false,
  parallel_transfer_colocated_shards boolean DEFAULT false) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  moves stand_in.planned_move[];
  job bigint;
  copy bigint;
BEGIN
  PERFORM stand_in.check_not_null('drain_only', drain_only::text), stand_in.check_not_null('shard_transfer_mode', shard_transfer_mode::text);
  IF NOT EXISTS (SELECT FROM pg_dist_partition WHERE partmethod <> 'n') THEN
    RAISE NOTICE 'No tables to rebalance';
    RETURN NULL;
  END IF;
  PERFORM stand_in.check_no_other_rebalance(CASE WHEN drain_only THEN 'move' ELSE 'rebalance' END);
  moves := stand_in.planned_moves(rebalance_strategy, drain_only);
  IF moves IS NULL THEN
    RAISE NOTICE 'No moves available for rebalancing';
    RETURN NULL;
  END IF;
  IF shard_transfer_mode = 'auto' THEN
    PERFORM stand_in.check_replica_identity(m.shard) FROM unnest(moves) m;
  END IF;
  INSERT INTO pg_dist_background_job (job_type, description) VALUES ('rebalance', 'Rebalance all colocation groups') RETURNING job_id INTO job;
  IF EXISTS (SELECT FROM stand_in.missing_copies()) THEN
    copy := stand_in.add_task(job, format('SELECT pg_catalog.replicate_reference_tables(%L)', shard_transfer_mode), NULL, '{}');
  END IF;
  PERFORM stand_in.add_moves(job, moves, shard_transfer_mode, copy, parallel_transfer_colocated_shards);
  PERFORM stand_in.start_monitor(pg_current_xact_id());
  RAISE NOTICE 'Scheduled % moves as job %', cardinality(moves), job USING DETAIL = 'Rebalance scheduled as background job',
    HINT = 'To monitor progress, run: SELECT * FROM citus_rebalance_status();';
  RETURN job;
END
$$;
