import type { Db } from '../session/db.js';
import { runOnNodes } from '../nodes/node-settings.js';
import { askEach } from '../nodes/ask-each.js';

/** A session that a server with Citus opened on a node, by the node id and process that it says it is. */
export interface CitusSession {
  nodeId: number;
  pid: number;
  /** Null where it takes pg_monitor to see. */
  address: string | null;
  /** When it began or ended its last statement, in ms by the node's clock; null where it takes pg_monitor to see. */
  did: number | null;
}

/** The processes of a node, and the sessions of other servers on it. */
export interface SessionsOnNode {
  node: string;
  /** When it was looked at, in ms by its own clock. */
  at: number;
  /**
   * Sessions of servers with Citus that did something within {@link secondsOfActivity}: the daemon of each looks for
   * deadlocks on all nodes that it knows every two seconds. Those of a server that was taken out stay open for minutes.
   */
  sessions: CitusSession[];
  /** Its own processes. */
  pids: number[];
  /** The node id that its daemon announces: that of the time when it began. Null where none runs. */
  daemon: { nodeId: number; pid: number } | null;
}

/** A session that did nothing for so long counts as asleep: more than twice the time between two looks for deadlocks. */
export const secondsOfActivity = 5;

/** The query of {@link SessionsOnNode}, one column of JSON. Everybody may see the process ids, and a daemon's name. */
const sessionsQuery = `SELECT json_build_object(
  'at', extract(epoch FROM now()) * 1000,
  'sessions', (SELECT coalesce(json_agg(s), '[]') FROM (
     SELECT DISTINCT g.id / 10000000000 AS "nodeId", g.id % 10000000000 AS pid, host(a.client_addr) AS address,
            extract(epoch FROM greatest(a.query_start, a.state_change)) * 1000 AS did
       FROM pg_stat_activity a, LATERAL (SELECT substring(a.application_name FROM '^citus_internal gpid=([0-9]+)')::int8 AS id) g
      WHERE g.id IS NOT NULL AND a.datname = current_database()
        AND coalesce(a.backend_start < now() - interval '${secondsOfActivity} seconds', true)
        AND (a.state IS DISTINCT FROM 'idle' OR a.state_change > now() - interval '${secondsOfActivity} seconds')) s),
  'pids', (SELECT coalesce(json_agg(pid), '[]') FROM pg_stat_activity),
  'daemon', (SELECT json_build_object('nodeId', t.global_pid / 10000000000, 'pid', a.pid)
     FROM pg_stat_activity a JOIN get_all_active_transactions() t ON t.process_id = a.pid
    WHERE a.application_name = 'Citus Maintenance Daemon' AND a.datname = current_database() AND NOT t.worker_query LIMIT 1)
)::text`;

/** Reads them on each node. */
export async function readSessions(
  db: Db,
  nodes: string[],
): Promise<(SessionsOnNode | { node: string; error: string })[]> {
  return askEach(db, nodes, 20, async (some) => {
    const answers = await runOnNodes(
      db,
      some.map((node) => ({ node, command: sessionsQuery })),
    );
    return answers.map(({ node, success, result }) =>
      success
        ? { node, ...(JSON.parse(result) as Omit<SessionsOnNode, 'node'>) }
        : { node, error: result.split('\n')[0] ?? '' },
    );
  });
}

/**
 * SQL that ends a server's daemon where it announces another node id than the server has, or the server is no node.
 * Citus starts it again by itself within some seconds, and it takes up the id that is right then (measured,
 * docs/citus.md). One that has announced none since before its server was a node is left alone: most do.
 */
const renewDaemonSql = `SELECT count(pg_terminate_backend(a.pid)) FROM pg_stat_activity a
    JOIN get_all_active_transactions() t ON t.process_id = a.pid
    LEFT JOIN (pg_dist_local_group g JOIN pg_dist_node n ON n.groupid = g.groupid AND n.noderole = 'primary') ON true
   WHERE a.backend_type LIKE 'Citus Maintenance Daemon%' AND a.datname = current_database()
     AND (n.nodeid IS NULL OR t.global_pid / 10000000000 NOT IN (99999999, n.nodeid))`;

/**
 * Has a server's daemon begin anew where it announces a node id that the server doesn't have: other nodes would take it
 * for a stranger. Its sessions on other nodes end with it.
 *
 * @returns why it could not, if so: it takes a superuser
 */
export async function renewDaemon(db: Db, node: string): Promise<string | undefined> {
  const [answer] = await runOnNodes(db, [{ node, command: renewDaemonSql }]);
  return answer?.success ? undefined : (answer?.result ?? 'no answer');
}
