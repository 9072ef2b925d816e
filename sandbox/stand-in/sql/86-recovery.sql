-- Finishes what this node has prepared on workers: commits what is on record, rolls back the rest. Nothing of the
-- stand-in prepares transactions, so none of them is in progress.
CREATE FUNCTION pg_catalog.recover_prepared_transactions() RETURNS int
LANGUAGE plpgsql STRICT AS $$
DECLARE
  node pg_dist_node;
  id text;
  recovered int := 0;
BEGIN
  FOR node IN SELECT * FROM pg_dist_node WHERE groupid <> 0 AND isactive AND noderole = 'primary' LOOP
    FOR id IN SELECT stand_in.ask(node.nodename, node.nodeport, format(
      'SELECT gid FROM pg_prepared_xacts WHERE database = current_database() AND starts_with(gid, ''citus_%s_'')',
      (SELECT groupid FROM pg_dist_local_group)))
    LOOP
      PERFORM stand_in.tell(node.nodename, node.nodeport, format('%s PREPARED %L', CASE WHEN EXISTS (
        SELECT FROM pg_dist_transaction t WHERE t.groupid = node.groupid AND t.gid = id) THEN 'COMMIT' ELSE 'ROLLBACK' END, id));
      DELETE FROM pg_dist_transaction t WHERE t.groupid = node.groupid AND t.gid = id;
      recovered := recovered + 1;
    END LOOP;
  END LOOP;
  RETURN recovered;
END
$$;
