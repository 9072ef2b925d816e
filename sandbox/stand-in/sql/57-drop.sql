-- A table that is dropped goes from the catalog too. Its shards go a little later, since a rollback has to keep them.
CREATE FUNCTION stand_in.forget_tables() RETURNS event_trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  dropped record;
  copy record;
BEGIN
  FOR dropped IN SELECT t.*, d.schema_name, d.object_name FROM pg_event_trigger_dropped_objects() d
    JOIN pg_dist_partition t ON t.logicalrelid::oid = d.objid WHERE d.object_type = 'table'
  LOOP
    FOR copy IN SELECT s.shardid, p.groupid FROM pg_dist_shard s JOIN pg_dist_placement p USING (shardid)
      WHERE s.logicalrelid = dropped.logicalrelid AND p.groupid <> 0
    LOOP
      EXECUTE format('DROP FOREIGN TABLE IF EXISTS stand_in_shards.%I', dropped.object_name || '_on_group_' || copy.groupid);
      INSERT INTO pg_dist_cleanup (operation_id, object_type, object_name, node_group_id, policy_type)
      VALUES (nextval('pg_dist_operationid_seq'), 1, format('%I.%I', dropped.schema_name, dropped.object_name || '_' || copy.shardid), copy.groupid, 2);
    END LOOP;
    DELETE FROM pg_dist_placement p USING pg_dist_shard s WHERE s.shardid = p.shardid AND s.logicalrelid = dropped.logicalrelid;
    DELETE FROM pg_dist_shard WHERE logicalrelid = dropped.logicalrelid;
    DELETE FROM pg_dist_partition WHERE logicalrelid = dropped.logicalrelid;
    DELETE FROM pg_dist_colocation c WHERE c.colocationid = dropped.colocationid AND dropped.partmethod <> 'n'
      AND NOT EXISTS (SELECT FROM pg_dist_partition t WHERE t.colocationid = c.colocationid);
  END LOOP;
END
$$;

CREATE EVENT TRIGGER stand_in_forget_tables ON sql_drop EXECUTE FUNCTION stand_in.forget_tables();
