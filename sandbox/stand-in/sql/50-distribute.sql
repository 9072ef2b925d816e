-- Distributing a table: it becomes the hash-partitioned parent of foreign tables, one a shard, on the coordinator.

-- The colocation group to use; made when there is none to share.
CREATE FUNCTION stand_in.colocation_for(colocate_with text, shards int, column_type oid, column_collation oid) RETURNS int
LANGUAGE plpgsql AS $$
DECLARE
  found int;
BEGIN
  IF colocate_with NOT IN ('default', 'none') THEN
    SELECT colocationid INTO found FROM pg_dist_partition WHERE logicalrelid = colocate_with::regclass;
    IF found IS NULL THEN
      RAISE EXCEPTION 'relation % is not distributed', colocate_with;
    END IF;
    RETURN found;
  END IF;
  IF colocate_with = 'default' THEN
    SELECT min(colocationid) INTO found FROM pg_dist_colocation
    WHERE shardcount = shards AND distributioncolumntype = column_type AND distributioncolumncollation = column_collation;
  END IF;
  IF found IS NULL THEN
    found := nextval('pg_dist_colocationid_seq');
    INSERT INTO pg_dist_colocation VALUES (found, shards, 1, column_type, column_collation);
  END IF;
  RETURN found;
END
$$;

-- Shards of a new table with their hash ranges: where its colocated tables have theirs, else in turn on each worker.
CREATE FUNCTION stand_in.add_shards(relation regclass, colocation int, shards int) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  groups int[] := (SELECT array_agg(groupid ORDER BY nodename, nodeport) FROM pg_dist_node
    WHERE isactive AND noderole = 'primary' AND shouldhaveshards);
  width bigint := 4294967296 / shards;
  partner regclass := (SELECT logicalrelid FROM pg_dist_partition WHERE colocationid = colocation AND logicalrelid <> relation LIMIT 1);
  low bigint;
  shard bigint;
  place int;
BEGIN
  IF cardinality(groups) IS NULL THEN
    RAISE EXCEPTION 'couldn''t find any worker nodes' USING ERRCODE = 'internal_error', HINT = 'Add more worker nodes';
  END IF;
  FOR i IN 0 .. shards - 1 LOOP
    low := -2147483648 + i * width;
    SELECT p.groupid INTO place FROM pg_dist_shard s JOIN pg_dist_placement p USING (shardid)
    WHERE s.logicalrelid = partner AND s.shardminvalue = low::text;
    shard := nextval('pg_dist_shardid_seq');
    INSERT INTO pg_dist_shard VALUES (relation, shard, 't', low, CASE WHEN i = shards - 1 THEN 2147483647 ELSE low + width - 1 END);
    INSERT INTO pg_dist_placement (shardid, shardstate, shardlength, groupid)
    VALUES (shard, 1, 0, coalesce(place, groups[1 + i % cardinality(groups)]));
  END LOOP;
END
$$;

-- Makes the shard tables on the workers and the foreign tables that reach them; `model` is the table as it was.
CREATE FUNCTION stand_in.build_shards(relation regclass, model regclass, shards int) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  schema_name name := (SELECT relnamespace::regnamespace::name FROM pg_class WHERE oid = relation);
  table_name name := (SELECT relname FROM pg_class WHERE oid = relation);
  work record;
BEGIN
  FOR work IN
    SELECT p.groupid, string_agg(array_to_string(stand_in.ddl_like(model, shard_name(relation, s.shardid, false), s.shardid::text), ';'), ';') ddl
    FROM pg_dist_shard s JOIN pg_dist_placement p USING (shardid) WHERE s.logicalrelid = relation GROUP BY p.groupid
  LOOP
    PERFORM stand_in.tell(n.nodename, n.nodeport, format('CREATE SCHEMA IF NOT EXISTS %I;', schema_name) || work.ddl)
    FROM stand_in.primary_of(work.groupid) n;
  END LOOP;
  FOR work IN
    SELECT s.shardid, p.groupid, row_number() OVER (ORDER BY s.shardminvalue::bigint) - 1 AS remainder
    FROM pg_dist_shard s JOIN pg_dist_placement p USING (shardid) WHERE s.logicalrelid = relation
  LOOP
    EXECUTE format('CREATE FOREIGN TABLE stand_in_shards.%I PARTITION OF %s FOR VALUES WITH (MODULUS %s, REMAINDER %s) '
      'SERVER %I OPTIONS (schema_name %L, table_name %L, updatable ''true'')', table_name || '_' || work.shardid, relation,
      shards, work.remainder, stand_in.server_of(work.groupid), schema_name, table_name || '_' || work.shardid);
  END LOOP;
END
$$;

-- The partitioned table that takes the place of a plain one. Returns it; the plain one keeps another name until
-- its rows have moved.
CREATE FUNCTION stand_in.make_parent(plain regclass, distribution_column text, old_name text) RETURNS regclass
LANGUAGE plpgsql AS $$
DECLARE
  table_schema text := (SELECT quote_ident(relnamespace::regnamespace::name) FROM pg_class WHERE oid = plain);
  table_name text := (SELECT quote_ident(relname) FROM pg_class WHERE oid = plain);
  table_owner text := (SELECT quote_ident(pg_get_userbyid(relowner)) FROM pg_class WHERE oid = plain);
BEGIN
  EXECUTE format('ALTER TABLE %s RENAME TO %I', plain, old_name);
  EXECUTE format('CREATE TABLE %s.%s (LIKE %s.%I INCLUDING DEFAULTS INCLUDING IDENTITY INCLUDING GENERATED INCLUDING CONSTRAINTS INCLUDING STORAGE) '
    'PARTITION BY HASH (%I)', table_schema, table_name, table_schema, old_name, distribution_column);
  EXECUTE format('ALTER TABLE %s.%s OWNER TO %s', table_schema, table_name, table_owner);
  RETURN (table_schema || '.' || table_name)::regclass;
END
$$;

-- Keys of the plain table, for everybody who looks for a replica identity. PostgreSQL has no unique index over foreign
-- tables, so it stays invalid and guards nothing: the shards' own keys do that.
CREATE FUNCTION stand_in.copy_key(parent regclass, plain regclass) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  key record;
BEGIN
  FOR key IN SELECT conname, pg_get_constraintdef(oid) AS definition FROM pg_constraint WHERE conrelid = plain AND contype = 'p' LOOP
    EXECUTE format('ALTER TABLE %s RENAME CONSTRAINT %I TO %I', plain, key.conname, 'stand_in_old_' || key.conname);
    EXECUTE format('ALTER TABLE ONLY %s ADD CONSTRAINT %I %s', parent, key.conname, key.definition);
  END LOOP;
END
$$;

-- Sequences of serial columns belong to the plain table and would go with it.
CREATE FUNCTION stand_in.adopt_sequences(parent regclass, plain regclass) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  owned record;
BEGIN
  FOR owned IN SELECT d.objid::regclass AS seq, a.attname FROM pg_depend d JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
    WHERE d.refobjid = plain AND d.classid = 'pg_class'::regclass AND d.deptype = 'a' AND a.attidentity = ''
      AND (SELECT relkind FROM pg_class WHERE oid = d.objid) = 'S'
  LOOP
    EXECUTE format('ALTER SEQUENCE %s OWNED BY %s.%I', owned.seq, parent, owned.attname);
  END LOOP;
END
$$;

CREATE FUNCTION pg_catalog.create_distributed_table(table_name regclass, distribution_column text,
  distribution_type citus.distribution_type DEFAULT 'hash', colocate_with text DEFAULT 'default', shard_count int DEFAULT NULL) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  old_name text := 'stand_in_old_' || table_name::oid;
  plain regclass;
  parent regclass;
  key pg_attribute;
  shards int := coalesce(shard_count, current_setting('citus.shard_count', true)::int, 32);
  colocation int;
BEGIN
  IF EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = table_name) THEN
    RAISE EXCEPTION 'table "%" is already distributed', (SELECT relname FROM pg_class WHERE oid = table_name) USING ERRCODE = 'invalid_table_definition';
  END IF;
  SELECT * INTO key FROM pg_attribute WHERE attrelid = table_name AND attname = distribution_column AND NOT attisdropped;
  IF key IS NULL THEN
    RAISE EXCEPTION 'column "%" of relation "%" does not exist', distribution_column, (SELECT relname FROM pg_class WHERE oid = table_name);
  END IF;
  -- So does Citus.
  PERFORM stand_in.reach_metadata_nodes();
  PERFORM replicate_reference_tables();
  plain := table_name;
  parent := stand_in.make_parent(plain, distribution_column, old_name);
  colocation := stand_in.colocation_for(colocate_with, shards, key.atttypid, key.attcollation);
  shards := (SELECT shardcount FROM pg_dist_colocation WHERE colocationid = colocation);
  INSERT INTO pg_dist_partition VALUES (parent, 'h', distribution_column, colocation, 's', false);
  PERFORM stand_in.add_shards(parent, colocation, shards);
  PERFORM stand_in.build_shards(parent, plain, shards);
  EXECUTE format('INSERT INTO %s (%s) OVERRIDING SYSTEM VALUE SELECT %2$s FROM %s', parent, stand_in.columns_of(plain, false), plain);
  PERFORM stand_in.copy_key(parent, plain);
  PERFORM stand_in.adopt_sequences(parent, plain);
  EXECUTE format('DROP TABLE %s', plain);
END
$$;
