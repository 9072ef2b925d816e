-- Progress that other sessions see while the move's transaction is open, and that is gone with its backend: advisory
-- locks, one for each phase that was reached.

CREATE FUNCTION stand_in.phase_class() RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT 7310 $$;
CREATE FUNCTION stand_in.target_class() RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT 7303 $$;

CREATE FUNCTION stand_in.phases() RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
  SELECT array['Setting Up', 'Copying Data', 'Catching Up', 'Creating Constraints', 'Final Catchup', 'Completing']
$$;

CREATE FUNCTION stand_in.enter_phase(shard bigint, phase text) RETURNS void
LANGUAGE sql AS $$
  SELECT pg_advisory_xact_lock_shared(stand_in.phase_class() + array_position(stand_in.phases(), phase), shard::int)
$$;

CREATE FUNCTION stand_in.move_seconds() RETURNS double precision
LANGUAGE sql STABLE AS $$ SELECT coalesce(nullif(current_setting('stand_in.move_seconds', true), ''), '0')::double precision $$;

CREATE FUNCTION stand_in.running_moves(OUT pid int, OUT shard bigint, OUT phase text, OUT target int, OUT share double precision) RETURNS SETOF record
LANGUAGE sql STABLE AS $$
  SELECT p.pid, p.objid::bigint, (stand_in.phases())[max(p.classid::int - stand_in.phase_class())], min(t.objid)::int,
    least(1, extract(epoch FROM clock_timestamp() - min(a.query_start)) / nullif(stand_in.move_seconds(), 0))
  FROM pg_locks p JOIN pg_locks t ON t.pid = p.pid AND t.locktype = 'advisory' AND t.classid = stand_in.target_class() AND t.granted
    JOIN pg_stat_activity a ON a.pid = p.pid
  WHERE p.locktype = 'advisory' AND p.classid BETWEEN stand_in.phase_class() + 1 AND stand_in.phase_class() + 9
    AND p.database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND p.granted
  GROUP BY p.pid, p.objid
$$;

-- Sizes come from the nodes and need them to answer, as with Citus. The target's is made up from the time that has
-- passed, since the rows are copied at the very end.
CREATE FUNCTION pg_catalog.get_rebalance_progress() RETURNS TABLE (sessionid int, table_name regclass, shardid bigint, shard_size bigint,
  sourcename text, sourceport int, targetname text, targetport int, progress bigint, source_shard_size bigint, target_shard_size bigint,
  operation_type text, source_lsn pg_lsn, target_lsn pg_lsn, status text)
LANGUAGE plpgsql STRICT AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  SELECT m.pid, g.logicalrelid, g.shardid, z.bytes, s.nodename, s.nodeport, t.nodename, t.nodeport, 1::bigint, z.bytes,
    CASE WHEN array_position(stand_in.phases(), m.phase) > 3 THEN z.bytes ELSE (z.bytes * coalesce(m.share, 0))::bigint END,
    'move', NULL::pg_lsn, NULL::pg_lsn, m.phase
  FROM stand_in.running_moves() m
    JOIN pg_dist_placement p ON p.shardid = m.shard JOIN pg_dist_node s ON s.groupid = p.groupid AND s.noderole = 'primary'
    JOIN pg_dist_node t ON t.nodeid = m.target,
    stand_in.shard_group(m.shard) g, stand_in.sizes_on(s) z
  WHERE z.shard = g.shardid ORDER BY m.pid, g.shardid;
END
$$;
