-- Reference tables: a plain table on the coordinator and a copy on every worker, written anew after each statement.

-- Name of the foreign table by which the coordinator reaches the copy on a group's node.
CREATE FUNCTION stand_in.copy_name(relation regclass, place int) RETURNS text
LANGUAGE sql STABLE AS $$
  SELECT format('stand_in_shards.%I', relname || '_on_group_' || place) FROM pg_class WHERE oid = relation
$$;

CREATE FUNCTION stand_in.refresh_copies() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
  place int;
  reason text;
BEGIN
  -- One writer at a time, or copies would differ.
  EXECUTE format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE', TG_RELID::regclass);
  FOR place IN SELECT p.groupid FROM pg_dist_shard s JOIN pg_dist_placement p USING (shardid)
    WHERE s.logicalrelid = TG_RELID AND p.groupid <> 0 AND (stand_in.primary_of(p.groupid)).isactive
  LOOP
    PERFORM stand_in.fill_copy(TG_RELID, place);
  END LOOP;
  RETURN NULL;
EXCEPTION WHEN sqlclient_unable_to_establish_sqlconnection THEN
  GET STACKED DIAGNOSTICS reason = PG_EXCEPTION_DETAIL;
  PERFORM stand_in.refuse_connection(node.nodename, node.nodeport, reason) FROM stand_in.primary_of(place) node;
END
$$;

CREATE FUNCTION stand_in.fill_copy(relation regclass, place int) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  copy text := stand_in.copy_name(relation, place);
BEGIN
  EXECUTE format('DELETE FROM %s', copy);
  EXECUTE format('INSERT INTO %s (%s) SELECT %2$s FROM %s', copy, stand_in.columns_of(relation, false), relation);
END
$$;

-- Makes the copy on one node, whatever an earlier attempt left there.
CREATE FUNCTION stand_in.add_copy(relation regclass, shard bigint, place int) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  node pg_dist_node := stand_in.primary_of(place);
  target text := shard_name(relation, shard, false);
  schema_name name := (SELECT relnamespace::regnamespace::name FROM pg_class WHERE oid = relation);
  foreign_table text := stand_in.copy_name(relation, place);
BEGIN
  PERFORM stand_in.tell(node.nodename, node.nodeport, format('CREATE SCHEMA IF NOT EXISTS %I; DROP TABLE IF EXISTS %s;', schema_name, target)
    || array_to_string(stand_in.ddl_like(relation, target, shard::text), ';'));
  EXECUTE format('CREATE FOREIGN TABLE %s (%s) SERVER %I OPTIONS (schema_name %L, table_name %L)', foreign_table,
    stand_in.columns_of(relation, true), stand_in.server_of(place), schema_name,
    (SELECT relname FROM pg_class WHERE oid = relation) || '_' || shard);
  PERFORM stand_in.fill_copy(relation, place);
  INSERT INTO pg_dist_placement (shardid, shardstate, shardlength, groupid) VALUES (shard, 1, 0, place);
END
$$;

CREATE FUNCTION stand_in.missing_copies(OUT relation regclass, OUT shard bigint, OUT place int) RETURNS SETOF record
LANGUAGE sql STABLE AS $$
  SELECT s.logicalrelid, s.shardid, n.groupid
  FROM pg_dist_partition t JOIN pg_dist_shard s USING (logicalrelid), pg_dist_node n
  WHERE t.partmethod = 'n' AND t.repmodel = 't' AND n.isactive AND n.noderole = 'primary'
    AND NOT EXISTS (SELECT FROM pg_dist_placement p WHERE p.shardid = s.shardid AND p.groupid = n.groupid)
  ORDER BY s.shardid, n.groupid
$$;

CREATE FUNCTION pg_catalog.replicate_reference_tables(shard_transfer_mode citus.shard_transfer_mode DEFAULT 'auto') RETURNS void
LANGUAGE plpgsql STRICT AS $$
DECLARE
  missing record;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('stand_in.replicate_reference_tables'));
  FOR missing IN SELECT * FROM stand_in.missing_copies() LOOP
    EXECUTE format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE', missing.relation);
    PERFORM stand_in.add_copy(missing.relation, missing.shard, missing.place);
  END LOOP;
END
$$;

CREATE FUNCTION pg_catalog.create_reference_table(table_name regclass) RETURNS void
LANGUAGE plpgsql STRICT AS $$
DECLARE
  colocation int := (SELECT colocationid FROM pg_dist_colocation WHERE distributioncolumntype = 0 AND shardcount = 1);
  shard bigint := nextval('pg_dist_shardid_seq');
BEGIN
  IF EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = table_name) THEN
    RAISE EXCEPTION 'table "%" is already distributed', (SELECT relname FROM pg_class WHERE oid = table_name) USING ERRCODE = 'invalid_table_definition';
  END IF;
  IF colocation IS NULL THEN
    colocation := nextval('pg_dist_colocationid_seq');
    INSERT INTO pg_dist_colocation VALUES (colocation, 1, -1, 0, 0);
  END IF;
  INSERT INTO pg_dist_partition VALUES (table_name, 'n', NULL, colocation, 't', false);
  INSERT INTO pg_dist_shard VALUES (table_name, shard, 't', NULL, NULL);
  -- The table itself is the coordinator's copy.
  INSERT INTO pg_dist_placement (shardid, shardstate, shardlength, groupid) VALUES (shard, 1, 0, 0);
  PERFORM replicate_reference_tables();
  EXECUTE format('CREATE TRIGGER stand_in_refresh_copies AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON %s '
    'FOR EACH STATEMENT EXECUTE FUNCTION stand_in.refresh_copies()', table_name);
END
$$;
