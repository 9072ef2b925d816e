import { askEach } from '../nodes/ask-each.js';
import { runOnNodes, type NodeAnswer } from '../nodes/node-settings.js';
import { readLoginReasons } from '../nodes/refused-logins.js';
import type { Db } from '../session/db.js';
import { identifier, literal } from '../session/quote.js';
import { within } from '../session/within.js';
import type { MoveRole } from './move-roles.js';

/** A setting as a session of a role has it. */
export interface SessionSetting {
  name: string;
  /** As SHOW tells it: `2s`, `on`. */
  value: string;
  /** For a time. */
  milliseconds: number | null;
  /** For an amount of room; negative: no limit. */
  bytes: number | null;
  /** The source in PostgreSQL's words: `database`, `user`, `database user`, `global`, `configuration file`, … */
  source: string;
  /** `file:line`, where it comes from a file and the role may know. */
  file: string | null;
}

/** A session of a role on a node, as that node sees it. */
export interface RoleSession {
  role: MoveRole;
  node: string;
  /** Another role as which statements run, where a setting says so. */
  actsAs: string | null;
  /** Where that comes from, in the words of {@link SessionSetting}. */
  actsAsBy: string | null;
  /** -1: none. */
  connectionLimit: number;
  /** Sessions of the role there, without the one that asked. */
  connections: number;
  settings: SessionSetting[];
}

/** A role and a node on which it can't have a session. */
export interface RefusedSession {
  role: MoveRole;
  node: string;
  error: string;
}

/** The answers of all nodes for all roles. */
export interface RoleSessions {
  sessions: RoleSession[];
  refused: RefusedSession[];
}

/** An owner is asked only as long as there are no more than this many roles: each is a round to all nodes. */
const mostRoles = 20;
/** Seconds for a round to all nodes. */
const patienceSeconds = 15;

interface Answer extends Omit<RoleSession, 'role' | 'node' | 'actsAsBy'> {
  /** What roles and the database were given, most specific first. */
  given: { role: string | null; setting: SessionSetting }[];
}

/**
 * Has every node tell what a session of each role is like there: one statement a role to all nodes, over the
 * coordinator's connections, as Citus opens them. A role as which we may not act is read from what it was given.
 *
 * @param names settings to look at
 */
export async function readRoleSessions(
  db: Db,
  roles: readonly MoveRole[],
  nodes: string[],
  names: readonly string[],
): Promise<RoleSessions> {
  const command = sessionQuery(names, roles);
  const found: RoleSessions = { sessions: [], refused: [] };
  let own: { node: string; answer: Answer }[] = [];
  for (const role of roles.slice(0, mostRoles)) {
    const isActing = role.parts.includes('acting');
    if (!isActing && !role.usable) {
      found.sessions.push(...own.map(({ node, answer }) => derived(role, node, answer)));
      continue;
    }
    const { answers, refused } = sort(
      role,
      await askAs(db, isActing ? undefined : role.role, nodes, command),
    );
    if (isActing) own = answers;
    found.refused.push(...(await withReasons(db, isActing ? undefined : role.role, refused)));
    found.sessions.push(
      ...answers.map(({ node, answer: { given, ...session } }) => ({
        ...session,
        role,
        node,
        actsAsBy:
          given.find((each) => each.setting.name === 'role' && isFor(role, each))?.setting.source ?? null,
      })),
    );
  }
  return found;
}

async function askAs(
  db: Db,
  role: string | undefined,
  nodes: string[],
  command: string,
): Promise<(NodeAnswer | { node: string; error: string })[]> {
  const ask = (some: string[]): Promise<NodeAnswer[]> =>
    runOnNodes(
      db,
      some.map((node) => ({ node, command })),
    );
  if (role === undefined) return askEach(db, nodes, patienceSeconds, ask);
  const answers = await within(db, patienceSeconds, async () => {
    await db.query(`SET LOCAL ROLE ${identifier(role)}`);
    return ask(nodes);
  });
  // Silence is told by what asks as ourselves.
  return answers ?? [];
}

function sort(
  role: MoveRole,
  all: (NodeAnswer | { node: string; error: string })[],
): { answers: { node: string; answer: Answer }[]; refused: RefusedSession[] } {
  return {
    answers: all.flatMap((each) =>
      'success' in each && each.success
        ? [{ node: each.node, answer: JSON.parse(each.result) as Answer }]
        : [],
    ),
    refused: all.flatMap((each) => {
      if ('success' in each && each.success) return [];
      return [{ role, node: each.node, error: 'error' in each ? each.error : each.result }];
    }),
  };
}

async function withReasons(
  db: Db,
  role: string | undefined,
  refused: RefusedSession[],
): Promise<RefusedSession[]> {
  if (refused.length === 0) return [];
  const reasons = await readLoginReasons(
    db,
    refused.map(({ node }) => node),
    role,
  );
  return refused.map((each) => ({ ...each, error: reasons.get(each.node) ?? each.error }));
}

/** The session that a role would have: what it was given itself, else what holds for all of the database or server. */
function derived(role: MoveRole, node: string, { given, settings }: Answer): RoleSession {
  const own = new Map<string, SessionSetting>();
  for (const each of settings) if (!ofOneRole.has(each.source)) own.set(each.name, each);
  for (const each of given.toReversed()) if (isFor(role, each)) own.set(each.setting.name, each.setting);
  const { value: actsAs, source: actsAsBy } = own.get('role') ?? { value: null, source: null };
  own.delete('role');
  return { role, node, actsAs, actsAsBy, connectionLimit: -1, connections: 0, settings: [...own.values()] };
}

function isFor({ role }: MoveRole, given: { role: string | null }): boolean {
  return given.role === null || given.role === role;
}

const ofOneRole = new Set(['user', 'database user', 'client', 'session', 'default']);

/**
 * The query of a session, one column of JSON. `pg_db_role_setting` may be read by everybody; the file of a setting by
 * members of `pg_read_all_settings`.
 */
function sessionQuery(names: readonly string[], roles: readonly MoveRole[]): string {
  const listed = (items: readonly string[]): string => `(${items.map(literal).join(', ')})`;
  return `SELECT json_build_object(
    'actsAs', CASE WHEN current_user <> session_user THEN current_user END,
    'connectionLimit', (SELECT rolconnlimit FROM pg_catalog.pg_roles WHERE rolname = session_user),
    'connections', (SELECT count(*) - 1 FROM pg_catalog.pg_stat_activity WHERE usename = session_user AND backend_type = 'client backend'),
    'settings', (SELECT coalesce(json_agg(json_build_object('name', name, 'value', current_setting(name), 'milliseconds',
        CASE WHEN unit = 'ms' THEN setting::bigint WHEN unit = 's' THEN setting::bigint * 1000 END,
        'bytes', CASE WHEN unit = 'kB' THEN setting::bigint * 1024 END, 'source', source, 'file', sourcefile || ':' || sourceline)), '[]')
      FROM pg_catalog.pg_settings WHERE name IN ${listed(names)} AND source <> 'default'),
    'given', (SELECT coalesce(json_agg(json_build_object('role', r.rolname, 'setting', json_build_object(
        'name', name, 'value', value, 'milliseconds', CASE WHEN value ~ '^\\d+$' THEN value::bigint
          WHEN name LIKE '%timeout' THEN (extract(epoch FROM value::interval) * 1000)::bigint END,
        'bytes', CASE WHEN name NOT LIKE '%limit' THEN NULL WHEN value ~ '^-?\\d+$' THEN value::bigint * 1024 ELSE pg_size_bytes(value) END,
        'source', CASE WHEN setrole = 0 AND setdatabase = 0 THEN 'global' WHEN setrole = 0 THEN 'database'
          WHEN setdatabase = 0 THEN 'user' ELSE 'database user' END, 'file', NULL)) ORDER BY setrole = 0, setdatabase = 0), '[]')
      FROM pg_catalog.pg_db_role_setting s LEFT JOIN pg_catalog.pg_roles r ON r.oid = s.setrole,
           unnest(s.setconfig) c(text), LATERAL (SELECT split_part(text, '=', 1), substr(text, strpos(text, '=') + 1)) v(name, value)
     WHERE (setrole = 0 OR r.rolname IN ${listed(roles.map(({ role }) => role))}) AND name IN ${listed(['role', ...names])}
       AND setdatabase IN (0, (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())))
  )::text`;
}
