-- Shard tables: what they are called, how they are made, and how the coordinator reaches them.

CREATE FUNCTION pg_catalog.shard_name(object_name regclass, shard_id bigint, skip_qualify_public boolean DEFAULT true) RETURNS text
LANGUAGE sql STABLE STRICT AS $$
  SELECT CASE WHEN skip_qualify_public AND n.nspname = 'public' THEN '' ELSE quote_ident(n.nspname) || '.' END
    || quote_ident(c.relname || '_' || shard_id)
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = object_name
$$;

-- With its schema, whatever the search path is.
CREATE FUNCTION stand_in.qualified_name(relation regclass) RETURNS text
LANGUAGE sql STABLE AS $$
  SELECT format('%I.%I', relnamespace::regnamespace::name, relname) FROM pg_class WHERE oid = relation
$$;

CREATE FUNCTION stand_in.qualified_shard(shard bigint) RETURNS text
LANGUAGE sql STABLE AS $$
  SELECT shard_name(logicalrelid, shardid, false) FROM pg_dist_shard WHERE shardid = shard
$$;

-- Column list of a table: with types, or the names alone; what is generated is left out of the names.
CREATE FUNCTION stand_in.columns_of(source regclass, with_types boolean) RETURNS text
LANGUAGE sql STABLE AS $$
  SELECT string_agg(quote_ident(attname) || CASE WHEN with_types THEN ' ' || format_type(atttypid, atttypmod) ELSE '' END,
    ', ' ORDER BY attnum)
  FROM pg_attribute WHERE attrelid = source AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
$$;

-- Statements that make a table like the given one under another name: the table first, then its keys and indexes
-- (names end in the shard's number). Runs wherever the given table is.
CREATE FUNCTION stand_in.ddl_like(source regclass, target text, suffix text) RETURNS text[]
LANGUAGE sql STABLE AS $$
  SELECT array[format('CREATE TABLE %s (%s)', target, string_agg(quote_ident(attname) || ' ' || format_type(atttypid, atttypmod)
    || CASE attstorage WHEN y.typstorage THEN '' WHEN 'p' THEN ' STORAGE plain' WHEN 'e' THEN ' STORAGE external' WHEN 'm' THEN ' STORAGE main' ELSE '' END
    || CASE WHEN attgenerated = 's' THEN format(' GENERATED ALWAYS AS (%s) STORED', pg_get_expr(d.adbin, d.adrelid)) ELSE '' END
    || CASE WHEN attnotnull THEN ' NOT NULL' ELSE '' END, ', ' ORDER BY attnum))]
  || coalesce((SELECT array_agg(format('ALTER TABLE %s ADD CONSTRAINT %I %s', target,
       stand_in.with_suffix(conname, suffix), pg_get_constraintdef(oid)) ORDER BY conname)
     FROM pg_constraint WHERE conrelid = source AND contype IN ('p', 'u', 'c')), '{}')
  || coalesce((SELECT array_agg(regexp_replace(pg_get_indexdef(indexrelid), 'INDEX \S+ ON (ONLY )?\S+ ',
       format('INDEX %I ON %s ', stand_in.with_suffix(i.relname, suffix), target)) ORDER BY i.relname)
     FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid WHERE indrelid = source
       AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = x.indexrelid AND contype IN ('p', 'u'))), '{}')
  FROM pg_attribute a JOIN pg_type y ON y.oid = a.atttypid LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  WHERE attrelid = source AND attnum > 0 AND NOT attisdropped
$$;

-- `orders_pkey_102008` whether the name had a number already or not.
CREATE FUNCTION stand_in.with_suffix(given_name name, suffix text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT left(regexp_replace(given_name, '_\d+$', ''), 50) || '_' || suffix
$$;

-- The foreign server of a group. Made when it is first needed.
CREATE FUNCTION stand_in.server_of(wanted_group int) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
  server text := 'stand_in_group_' || wanted_group;
  node pg_dist_node := stand_in.primary_of(wanted_group);
BEGIN
  IF NOT EXISTS (SELECT FROM pg_foreign_server WHERE srvname = server) THEN
    PERFORM pg_advisory_xact_lock(hashtext(server));
    IF NOT EXISTS (SELECT FROM pg_foreign_server WHERE srvname = server) THEN
      EXECUTE format('CREATE SERVER %I FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host %L, port %L, dbname %L, fetch_size ''10000'')',
        server, node.nodename, node.nodeport, current_database());
      EXECUTE format('CREATE USER MAPPING FOR PUBLIC SERVER %I OPTIONS (user ''postgres'', password_required ''false'')', server);
    END IF;
  END IF;
  RETURN server;
END
$$;

-- After the primary of a group has got another address.
CREATE FUNCTION stand_in.readdress_server(moved_group int) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  node pg_dist_node := stand_in.primary_of(moved_group);
BEGIN
  EXECUTE format('ALTER SERVER %I OPTIONS (SET host %L, SET port %L)', stand_in.server_of(moved_group), node.nodename, node.nodeport);
END
$$;

-- How the copies on a node were reached: those of reference tables, and of the list of nodes.
CREATE FUNCTION stand_in.forget_copies(gone_group int) RETURNS void
LANGUAGE plpgsql SET client_min_messages = warning AS $$
DECLARE
  copy regclass;
BEGIN
  FOR copy IN SELECT f.ftrelid FROM pg_foreign_table f JOIN pg_class c ON c.oid = f.ftrelid
    WHERE c.relname LIKE '%\_on\_group\_' || gone_group
  LOOP
    EXECUTE format('DROP FOREIGN TABLE %s', copy);
  END LOOP;
END
$$;

-- A node that leaves takes along how it was reached. What is said to lie elsewhere now is looked for there; what lies
-- nowhere any more is looked for where it was, so that whoever asks for it fails.
CREATE FUNCTION stand_in.forget_server(gone_group int) RETURNS void
LANGUAGE plpgsql SET client_min_messages = warning AS $$
DECLARE
  gone_server oid := (SELECT oid FROM pg_foreign_server WHERE srvname = 'stand_in_group_' || gone_group);
  shard record;
BEGIN
  PERFORM stand_in.forget_copies(gone_group);
  FOR shard IN SELECT p.shardid, p.groupid, f.ftrelid::regclass AS reached_by FROM pg_foreign_table f JOIN pg_class c ON c.oid = f.ftrelid
      JOIN pg_dist_shard s ON c.relname = (SELECT relname FROM pg_class WHERE oid = s.logicalrelid) || '_' || s.shardid
      JOIN pg_dist_placement p USING (shardid)
    WHERE f.ftserver = gone_server AND p.groupid <> gone_group
  LOOP
    PERFORM stand_in.lock_foreign_table(shard.reached_by);
    PERFORM stand_in.point_foreign_table(shard.reached_by, stand_in.server_of(shard.groupid));
  END LOOP;
  IF NOT EXISTS (SELECT FROM pg_foreign_table WHERE ftserver = gone_server) THEN
    EXECUTE format('DROP SERVER IF EXISTS %I CASCADE', 'stand_in_group_' || gone_group);
  END IF;
END
$$;

-- Points a foreign table at another server. PostgreSQL has no statement for it; ALTER makes every session forget
-- its plans, and takes the lock.
CREATE FUNCTION stand_in.lock_foreign_table(foreign_table regclass) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('ALTER FOREIGN TABLE %s OPTIONS (SET updatable ''true'')', foreign_table);
END
$$;

CREATE FUNCTION stand_in.point_foreign_table(foreign_table regclass, server text) RETURNS void
LANGUAGE plpgsql SET allow_system_table_mods = on AS $$
DECLARE
  server_id oid := (SELECT oid FROM pg_foreign_server WHERE srvname = server);
BEGIN
  UPDATE pg_foreign_table SET ftserver = server_id WHERE ftrelid = foreign_table;
  UPDATE pg_depend SET refobjid = server_id
  WHERE classid = 'pg_class'::regclass AND objid = foreign_table AND refclassid = 'pg_foreign_server'::regclass;
END
$$;
