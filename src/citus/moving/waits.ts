import type { Db } from '../session/db.js';
import { runOnNodes } from '../nodes/node-settings.js';
import { addressSql } from '../session/address-sql.js';
import { isoSql } from '../session/iso-sql.js';

/** A wait of a statement of ours on a node, and who causes it. Never the text of a statement, only its first word. */
export interface Wait {
  /** `host:port` where it waits. */
  node: string;
  /** The kind of lock, as pg_locks has it: `transactionid`, `relation`, … */
  lock: string;
  blocker: Blocker;
}

/** The session or prepared transaction that is waited for; times are ISO 8601 UTC. */
export type Blocker =
  | {
      kind: 'session';
      pid: number;
      since: string | null;
      tag: string | null;
      state: string | null;
      application: string;
      user: string | null;
      database: string | null;
      /** The global id of the process that a session of Citus works for; null for any other session. */
      servesGpid: string | null;
    }
  | { kind: 'prepared'; gid: string; since: string; user: string; database: string };

const firstWord = `upper(substring(query FROM '^\\s*([A-Za-z]+)'))`;

/**
 * Reads what the sessions that work for a statement of the coordinator wait for, on the coordinator and on each of the
 * nodes. Each server is asked itself: `citus_lock_waits` says nothing of prepared transactions, and hangs while any
 * node is frozen. A node that doesn't answer is left out.
 */
export async function readWaits(db: Db, pid: number, nodes: string[]): Promise<Wait[]> {
  const [own] = await db.query<{ gpid: string }>(
    `SELECT (coalesce((SELECT nodeid FROM pg_dist_node WHERE groupid = 0 AND noderole = 'primary'), 0)::bigint * 10000000000 + $1)::text AS gpid`,
    [pid],
  );
  const gpid = own?.gpid ?? '0';
  const [local] = await db.query<{ waits: string }>(waitsQuery(gpid, pid));
  const command = waitsQuery(gpid, 0);
  const remote = await runOnNodes(
    db,
    nodes.map((node) => ({ node, command })),
  );
  return [
    ...parseWaits(db.node, local?.waits),
    ...remote.flatMap(({ node, success, result }) => (success ? parseWaits(node, result) : [])),
  ];
}

/** The session that a session of Citus on another node works for; undefined when it can't be told. */
export async function readOrigin(
  db: Db,
  gpid: string,
): Promise<(Wait['blocker'] & { node: string }) | undefined> {
  const nodeId = Math.floor(Number(gpid) / 1e10);
  const pid = Number(gpid) % 1e10;
  const [node] = await db.query<{ node: string; groupId: number }>(
    `SELECT ${addressSql()} AS node, groupid AS "groupId" FROM pg_dist_node WHERE nodeid = $1`,
    [nodeId],
  );
  const command = `SELECT coalesce((SELECT ${sessionJson('a')}::text FROM pg_stat_activity a WHERE pid = ${pid}), 'null')`;
  if (node === undefined || node.groupId === 0) {
    const [row] = await db.query<{ coalesce: string }>(command);
    const session = JSON.parse(row?.coalesce ?? 'null') as Blocker | null;
    return session ? { ...session, node: node?.node ?? db.node } : undefined;
  }
  const [answer] = await runOnNodes(db, [{ node: node.node, command }]);
  const session = answer?.success ? (JSON.parse(answer.result) as Blocker | null) : null;
  return session ? { ...session, node: node.node } : undefined;
}

function sessionJson(a: string): string {
  return `json_build_object('kind', 'session', 'pid', ${a}.pid, 'since', ${isoSql(`${a}.xact_start`)},
    'tag', ${firstWord.replace('query', `${a}.query`)}, 'state', ${a}.state, 'application', ${a}.application_name,
    'user', ${a}.usename, 'database', ${a}.datname,
    'servesGpid', substring(${a}.application_name FROM '^citus_[a-z_]+ gpid=([0-9]+)'))`;
}

/** The query of waits. `pg_blocking_pids` says 0 for a prepared transaction. */
function waitsQuery(gpid: string, ownPid: number): string {
  const ours = (a: string) =>
    `(${a}.pid = ${ownPid} OR ${a}.application_name ~ '^citus_[a-z_]+ gpid=0*${gpid}$')`;
  return `SELECT coalesce(json_agg(json_build_object('lock', w.lock, 'blocker', w.blocker)), '[]')::text AS waits FROM (
    SELECT l.locktype AS lock,
      CASE WHEN b.pid = 0 THEN json_build_object('kind', 'prepared', 'gid', p.gid, 'since', ${isoSql('p.prepared')}, 'user', p.owner, 'database', p.database)
           ELSE ${sessionJson('a')} END AS blocker
      FROM pg_stat_activity s CROSS JOIN LATERAL unnest(pg_blocking_pids(s.pid)) b(pid)
      LEFT JOIN pg_locks l ON l.pid = s.pid AND NOT l.granted
      LEFT JOIN pg_stat_activity a ON a.pid = b.pid AND b.pid <> 0
      LEFT JOIN pg_prepared_xacts p ON b.pid = 0 AND (p.transaction = l.transactionid OR (l.transactionid IS NULL AND p.database = current_database()))
     WHERE ${ours('s')} AND s.pid <> pg_backend_pid() AND (p.gid IS NOT NULL OR (a.pid IS NOT NULL AND NOT ${ours('a')}))
     ORDER BY coalesce(p.prepared, a.xact_start) LIMIT 10) w`;
}

function parseWaits(node: string, waits: string | undefined): Wait[] {
  const rows = JSON.parse(waits ?? '[]') as Omit<Wait, 'node'>[];
  return rows.map((row) => ({ node, ...row }));
}
