import { addressOf } from '../../text/address.js';
import type { Db } from '../session/db.js';
import { identifier } from '../session/quote.js';
import { within } from '../session/within.js';

/** Nodes whose reasons are asked for: each that is silent takes some seconds. */
const mostAsked = 5;

/**
 * Why the server connected to can't log in to a node, in libpq's words: `fe_sendauth: no password supplied`. What runs
 * a command on nodes only says that it failed to connect; the reason stands in a warning of
 * `citus_check_connection_to_node` (measured, docs/citus.md). Absent for nodes that give none.
 *
 * @param role as whom it is tried; default the session's own
 */
export async function readLoginReasons(
  db: Db,
  nodes: readonly string[],
  role?: string,
): Promise<Map<string, string>> {
  const reasons = new Map<string, string>();
  const [known] = await db.query<{ known: boolean }>(
    `SELECT to_regprocedure('pg_catalog.citus_check_connection_to_node(text, int)') IS NOT NULL AS known`,
  );
  if (!known?.known) return reasons;
  for (const node of nodes.slice(0, mostAsked)) {
    const { host, port } = addressOf(node);
    await within(db, 5, async () => {
      await db.query(`SET LOCAL citus.node_connection_timeout = '3s'`);
      if (role !== undefined) await db.query(`SET LOCAL ROLE ${identifier(role)}`);
      const [answer] = await db.query<{ success: boolean }>(
        'SELECT pg_catalog.citus_check_connection_to_node($1, $2) AS success',
        [host, port],
      );
      const reason = answer?.success === false ? reasonIn(db.warnings, `@${host}:${port}`) : undefined;
      if (reason !== undefined) reasons.set(node, reason);
    });
  }
  return reasons;
}

function reasonIn(warnings: readonly string[], at: string): string | undefined {
  const before = `${at} failed with the following error: `;
  const last = warnings.findLast((warning) => warning.includes(before));
  const [reason = ''] = last?.slice(last.indexOf(before) + before.length).split('\n') ?? [];
  // libpq names the server once more, and PostgreSQL how grave it is.
  const bare = reason
    .replace(/^connection to server at .*? failed: /, '')
    .replace(/^FATAL:\s+/, '')
    .trim();
  return bare === '' ? undefined : bare;
}

/** A refusal of a server, and what makes it let the other in. */
const refusals: readonly { says: RegExp; remedy: (node: string, name: string, from: string) => string }[] = [
  {
    says: /too many connections for role "(.*)"/,
    remedy: (node, role) => `on ${node}: ${alone} ALTER ROLE ${identifier(role)} CONNECTION LIMIT -1;`,
  },
  {
    says: /too many connections for database "(.*)"/,
    remedy: (node, database) =>
      `on ${node}: ${alone} ALTER DATABASE ${identifier(database)} CONNECTION LIMIT -1;`,
  },
  {
    says: /database "(.*)" is not currently accepting connections/,
    remedy: (node, database) =>
      `on ${node}, in the database postgres: ${alone} ALTER DATABASE ${identifier(database)} ALLOW_CONNECTIONS true;`,
  },
  {
    says: /role "(.*)" is not permitted to log in/,
    remedy: (node, role) => `on ${node}: ${alone} ALTER ROLE ${identifier(role)} LOGIN;`,
  },
  {
    says: /authentication failed|no password supplied|password is required|pg_hba\.conf|role ".*" does not exist|database ".*" does not exist|permission denied for database|certificate/i,
    remedy: (node, _name, from) =>
      `let ${from} log in to ${node}: pg_hba.conf of that node, ~/.pgpass (of the server) or certificates of ${from}`,
  },
];

/** Citus refuses such statements on workers otherwise. */
const alone = 'SET citus.enable_ddl_propagation = off;';

/**
 * What makes a server let another in that it refuses. Undefined when it gives another reason, or none: then it may be
 * away, or comes back by itself.
 */
export function remedyOfRefusal(node: string, reason: string, from = 'the coordinator'): string | undefined {
  for (const { says, remedy } of refusals) {
    const found = says.exec(reason);
    if (found) return remedy(node, found[1] ?? '', from);
  }
  return undefined;
}
