-- Statements on other nodes. Each has a connection of its own, that ends with it, so an error leaves nothing behind.
-- The password comes from PGPASSFILE in the server's environment.

CREATE FUNCTION stand_in.address(host text, port int) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT format('host=%s port=%s dbname=%I user=postgres connect_timeout=5', host, port, current_database())
$$;

CREATE FUNCTION stand_in.own_address() RETURNS text
LANGUAGE sql STABLE AS $$ SELECT stand_in.address('127.0.0.1', current_setting('port')::int) $$;

-- Same error as Citus when nobody answers: it leaves out which server libpq had tried.
CREATE FUNCTION stand_in.refuse_connection(host text, port int, detail text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'connection to the remote node postgres@%:% failed with the following error: %', host, port,
    coalesce(rtrim(substring(detail FROM 'failed: (.*)$'), E'\n'), detail) USING ERRCODE = 'connection_failure';
END
$$;

-- The values of one column that a statement answers on another node, or its command tag.
CREATE FUNCTION stand_in.ask(host text, port int, statement text) RETURNS SETOF text
LANGUAGE plpgsql AS $$
DECLARE
  reason text;
BEGIN
  RETURN QUERY SELECT * FROM stand_in.dblink(stand_in.address(host, port), statement) AS answer (value text);
EXCEPTION WHEN sqlclient_unable_to_establish_sqlconnection THEN
  GET STACKED DIAGNOSTICS reason = PG_EXCEPTION_DETAIL;
  PERFORM stand_in.refuse_connection(host, port, reason);
END
$$;

-- Runs statements that answer no rows, all of them in one transaction.
CREATE FUNCTION stand_in.tell(host text, port int, statements text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  reason text;
BEGIN
  PERFORM stand_in.dblink_exec(stand_in.address(host, port), statements);
EXCEPTION WHEN sqlclient_unable_to_establish_sqlconnection THEN
  GET STACKED DIAGNOSTICS reason = PG_EXCEPTION_DETAIL;
  PERFORM stand_in.refuse_connection(host, port, reason);
END
$$;

-- As `tell`, for what may last, on several nodes at once: dblink does not listen to cancel requests while it waits, so
-- this one only looks now and then. A cancelled statement ends at the other side as well, and so does the rest when one
-- node dies.
CREATE FUNCTION stand_in.tell_patiently(nodes pg_dist_node[], statements text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  links text[] := ARRAY(SELECT 'stand_in_' || gen_random_uuid() FROM unnest(nodes));
  node pg_dist_node;
  reason text;
BEGIN
  FOR i IN 1 .. cardinality(nodes) LOOP
    node := nodes[i];
    PERFORM stand_in.dblink_connect(links[i], stand_in.address(node.nodename, node.nodeport));
    PERFORM stand_in.dblink_send_query(links[i], statements);
  END LOOP;
  WHILE (SELECT bool_and(stand_in.dblink_is_busy(link) = 1) FROM unnest(links) link) LOOP
    PERFORM pg_sleep(0.02);
  END LOOP;
  PERFORM stand_in.take_results(link) FROM unnest(links) link ORDER BY stand_in.dblink_is_busy(link);
  PERFORM stand_in.dblink_disconnect(link) FROM unnest(links) link;
EXCEPTION
  WHEN sqlclient_unable_to_establish_sqlconnection THEN
    GET STACKED DIAGNOSTICS reason = PG_EXCEPTION_DETAIL;
    PERFORM stand_in.hang_up(links);
    PERFORM stand_in.refuse_connection(node.nodename, node.nodeport, reason);
  WHEN query_canceled OR OTHERS THEN
    PERFORM stand_in.hang_up(links);
    RAISE;
END
$$;

-- Waits for all that a connection still has to say. Fails as the statement did.
CREATE FUNCTION stand_in.take_results(link text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  LOOP
    PERFORM * FROM stand_in.dblink_get_result(link) AS answer (value text);
    EXIT WHEN NOT FOUND;
  END LOOP;
END
$$;

-- Ends those of the connections that there are, and what runs on them.
CREATE FUNCTION stand_in.hang_up(links text[]) RETURNS void
LANGUAGE sql AS $$
  SELECT stand_in.dblink_cancel_query(link), stand_in.dblink_disconnect(link)
  FROM unnest(links) link WHERE link = ANY (coalesce(stand_in.dblink_get_connections(), '{}'))
$$;

-- The primary of a group.
CREATE FUNCTION stand_in.primary_of(wanted_group int) RETURNS pg_dist_node
LANGUAGE sql STABLE AS $$
  SELECT node FROM pg_dist_node node WHERE groupid = wanted_group AND noderole = 'primary'
$$;

CREATE FUNCTION stand_in.node_at(host text, port int) RETURNS pg_dist_node
LANGUAGE plpgsql STABLE AS $$
DECLARE
  found pg_dist_node;
BEGIN
  SELECT * INTO found FROM pg_dist_node WHERE nodename = host AND nodeport = port;
  IF found IS NULL THEN
    RAISE EXCEPTION 'node at "%:%" does not exist', host, port USING ERRCODE = 'internal_error';
  END IF;
  RETURN found;
END
$$;

-- The same for who is about to change it: one at a time.
CREATE FUNCTION stand_in.node_to_change(host text, port int) RETURNS pg_dist_node
LANGUAGE plpgsql AS $$
BEGIN
  LOCK TABLE pg_dist_node IN EXCLUSIVE MODE;
  RETURN stand_in.node_at(host, port);
END
$$;

-- Starts a session of the coordinator that goes on when ours has ended.
CREATE FUNCTION stand_in.leave_behind(statement text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  link text := 'stand_in_' || gen_random_uuid();
BEGIN
  PERFORM stand_in.dblink_connect(link, stand_in.own_address() || ' application_name=citus_internal_cleanup');
  PERFORM stand_in.dblink_send_query(link, statement);
  PERFORM stand_in.dblink_disconnect(link);
END
$$;
