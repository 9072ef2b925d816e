-- Sizes of shards and disks.

-- Sizes of the shards on one node, by one question to it. Fails when it does not answer.
CREATE FUNCTION stand_in.sizes_on(node pg_dist_node) RETURNS TABLE (shard bigint, bytes bigint)
LANGUAGE plpgsql AS $$
DECLARE
  names jsonb := (SELECT jsonb_object_agg(p.shardid,
      CASE WHEN p.groupid = 0 THEN s.logicalrelid::regclass::text ELSE shard_name(s.logicalrelid, p.shardid, false) END)
    FROM pg_dist_placement p JOIN pg_dist_shard s USING (shardid) WHERE p.groupid = node.groupid);
  statement text := format('SELECT key || '' '' || pg_total_relation_size(to_regclass(value)) FROM jsonb_each_text(%L)', names);
BEGIN
  RETURN QUERY SELECT split_part(answer, ' ', 1)::bigint, split_part(answer, ' ', 2)::bigint
    FROM stand_in.ask(node.nodename, node.nodeport, statement) answer WHERE answer IS NOT NULL;
END
$$;

-- A node that does not answer is left out, with a warning.
CREATE FUNCTION pg_catalog.citus_shard_sizes(OUT shard_id int, OUT size bigint) RETURNS SETOF record
LANGUAGE plpgsql STRICT AS $$
DECLARE
  node pg_dist_node;
BEGIN
  FOR node IN SELECT * FROM pg_dist_node WHERE noderole = 'primary' AND isactive LOOP
    BEGIN
      RETURN QUERY SELECT shard::int, bytes FROM stand_in.sizes_on(node);
    EXCEPTION WHEN connection_failure THEN
      RAISE WARNING '%', SQLERRM;
    END;
  END LOOP;
END
$$;

CREATE FUNCTION pg_catalog.citus_total_relation_size(logicalrelid regclass, fail_on_error boolean DEFAULT true) RETURNS bigint
LANGUAGE plpgsql STRICT AS $$
#variable_conflict use_variable
DECLARE
  node pg_dist_node;
  total bigint := 0;
BEGIN
  FOR node IN SELECT * FROM pg_dist_node n WHERE n.noderole = 'primary' AND n.groupid IN
    (SELECT p.groupid FROM pg_dist_shard s JOIN pg_dist_placement p USING (shardid) WHERE s.logicalrelid = logicalrelid)
  LOOP
    BEGIN
      total := total + (SELECT coalesce(sum(z.bytes), 0) FROM stand_in.sizes_on(node) z JOIN pg_dist_shard s ON s.shardid = z.shard
        WHERE s.logicalrelid = logicalrelid);
    EXCEPTION WHEN connection_failure THEN
      RAISE WARNING '%', SQLERRM;
      RAISE EXCEPTION 'could not connect to %:% to get size of relation "%"', node.nodename, node.nodeport,
        (SELECT relname FROM pg_class WHERE oid = logicalrelid) USING ERRCODE = 'connection_failure';
    END;
  END LOOP;
  RETURN total;
END
$$;

-- A plain table has indexes too, which the real citus_table_size leaves out; nobody needs the difference here.
CREATE FUNCTION pg_catalog.citus_table_size(logicalrelid regclass) RETURNS bigint
LANGUAGE sql STRICT AS $$ SELECT citus_total_relation_size(logicalrelid) $$;

CREATE FUNCTION pg_catalog.citus_relation_size(logicalrelid regclass) RETURNS bigint
LANGUAGE sql STRICT AS $$ SELECT citus_total_relation_size(logicalrelid) $$;

-- Of the file system that holds the data folder. COPY is the only way out of a server to `df`.
CREATE FUNCTION pg_catalog.citus_local_disk_space_stats(OUT available_disk_size bigint, OUT total_disk_size bigint)
LANGUAGE plpgsql STRICT AS $$
BEGIN
  CREATE TEMP TABLE stand_in_df (line text) ON COMMIT DROP;
  EXECUTE format('COPY stand_in_df FROM PROGRAM %L', format('df -Pk %L', current_setting('data_directory')));
  SELECT f[4]::bigint * 1024, f[2]::bigint * 1024 INTO available_disk_size, total_disk_size
  FROM (SELECT regexp_split_to_array(line, '\s+') FROM stand_in_df OFFSET 1) t (f);
  DROP TABLE stand_in_df;
END
$$;
