-- Views. Activity and lock waits are the coordinator's alone: nothing enters through a worker here.

CREATE VIEW pg_catalog.citus_nodes AS
  SELECT nodename, nodeport, CASE WHEN groupid = 0 THEN 'coordinator' ELSE 'worker' END AS role, isactive AS active FROM pg_dist_node;

CREATE VIEW pg_catalog.citus_shards AS
  SELECT s.logicalrelid AS table_name, s.shardid, shard_name(s.logicalrelid, s.shardid) AS shard_name,
    CASE WHEN t.partkey IS NOT NULL THEN 'distributed' ELSE 'reference' END AS citus_table_type,
    t.colocationid AS colocation_id, n.nodename, n.nodeport, z.size AS shard_size
  FROM pg_dist_shard s JOIN pg_dist_placement p USING (shardid) JOIN pg_dist_node n USING (groupid)
    JOIN pg_dist_partition t USING (logicalrelid)
    LEFT JOIN (SELECT shard_id, max(size) AS size FROM citus_shard_sizes() GROUP BY shard_id) z ON z.shard_id = s.shardid
  WHERE p.shardstate = 1;

CREATE VIEW public.citus_tables AS
  SELECT t.logicalrelid AS table_name, CASE WHEN t.partkey IS NOT NULL THEN 'distributed' ELSE 'reference' END AS citus_table_type,
    coalesce(t.partkey, '<none>') AS distribution_column, t.colocationid AS colocation_id,
    pg_size_pretty(z.size) AS table_size, (SELECT count(*) FROM pg_dist_shard s WHERE s.logicalrelid = t.logicalrelid) AS shard_count,
    pg_get_userbyid(c.relowner) AS table_owner, 'heap'::name AS access_method
  FROM pg_dist_partition t JOIN pg_class c ON c.oid = t.logicalrelid
    JOIN (SELECT s.logicalrelid, sum(css.size) AS size FROM citus_shard_sizes() css JOIN pg_dist_shard s ON s.shardid = css.shard_id
      GROUP BY s.logicalrelid) z ON z.logicalrelid = t.logicalrelid;

CREATE VIEW pg_catalog.citus_stat_activity AS
  SELECT citus_calculate_gpid(coalesce(citus_coordinator_nodeid(), 0), a.pid) AS global_pid, citus_coordinator_nodeid() AS nodeid,
    false AS is_worker_query, a.* FROM pg_stat_activity a WHERE a.backend_type = 'client backend';

CREATE VIEW pg_catalog.citus_lock_waits AS
  SELECT citus_calculate_gpid(citus_coordinator_nodeid(), w.pid) AS waiting_gpid,
    citus_calculate_gpid(citus_coordinator_nodeid(), b.pid) AS blocking_gpid, w.query AS blocked_statement,
    b.query AS current_statement_in_blocking_process, citus_coordinator_nodeid() AS waiting_nodeid, citus_coordinator_nodeid() AS blocking_nodeid
  FROM pg_stat_activity w, unnest(pg_blocking_pids(w.pid)) blocker JOIN pg_stat_activity b ON b.pid = blocker
  WHERE w.wait_event_type = 'Lock';

GRANT SELECT ON pg_catalog.citus_nodes, pg_catalog.citus_shards, public.citus_tables, pg_catalog.citus_stat_activity, pg_catalog.citus_lock_waits TO public;
