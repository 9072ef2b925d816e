import { addressOf, formatAddress } from '../../text/address.js';
import type { Db } from '../session/db.js';
import { identifier, literal } from '../session/quote.js';
import { within } from '../session/within.js';
import { runOnNodes } from './node-settings.js';
import { readLoginReasons } from './refused-logins.js';

/** A way between two nodes that can't be gone. */
export interface RefusedWay {
  from: string;
  to: string;
  role: string;
  /** Why, where it is known. */
  reason?: string;
}

/** Nodes that each node tries in one statement: so many sessions each gets at once. */
const atOnce = 10;
/** Statements for a role, which do for 100 nodes. */
const mostRounds = 10;

/**
 * Has each of these nodes log in to the others as the role, over the coordinator's connections. In each round every
 * node tries its next ones, so that no node gets many sessions at once.
 *
 * @param role as whom; default the session's own
 */
export async function readRefusedWays(
  db: Db,
  nodes: string[],
  role: string,
  isOwn: boolean,
): Promise<RefusedWay[]> {
  const [known] = await db.query<{ known: boolean }>(
    `SELECT to_regprocedure('pg_catalog.citus_check_connection_to_node(text, int)') IS NOT NULL AS known`,
  );
  if (!known?.known) return [];
  const refused: RefusedWay[] = [];
  for (let round = 0; round < mostRounds && round * atOnce < nodes.length - 1; round += 1) {
    const commands = nodes.map((node, index) => {
      const others = Array.from(
        { length: Math.min(atOnce, nodes.length - 1 - round * atOnce) },
        (_, step) => {
          const position = index + 1 + round * atOnce + step;
          return nodes[position % nodes.length] ?? node;
        },
      );
      return { node, command: tryCommand(others) };
    });
    const answers = await within(db, 30, async () => {
      if (!isOwn) await db.query(`SET LOCAL ROLE ${identifier(role)}`);
      return runOnNodes(db, commands);
    });
    for (const { node: from, success, result } of answers ?? [])
      if (success) refused.push(...(JSON.parse(result) as string[]).map((to) => ({ from, to, role })));
  }
  return refused;
}

/** Nodes among these that the server can't log in to, as one column of JSON. A silent one is given up after 3 s. */
function tryCommand(nodes: readonly string[]): string {
  const rows = nodes.map((node) => {
    const { host, port } = addressOf(node);
    return `(${literal(host)}, ${port}, ${literal(node)})`;
  });
  return `SELECT coalesce(json_agg(v.node), '[]')::text
    FROM (SELECT set_config('citus.node_connection_timeout', '3s', false) AS done OFFSET 0) s,
         (VALUES ${rows.join(', ')}) v(host, port, node)
   WHERE s.done IS NOT NULL AND NOT pg_catalog.citus_check_connection_to_node(v.host, v.port)`;
}

/**
 * Has the coordinator log in to itself as the role, as moves do to note what they will have to clean up: by
 * `citus.local_hostname` and its own port, not by the address that it is registered with.
 */
export async function readRefusedOwnWay(db: Db, role: string, isOwn: boolean): Promise<RefusedWay[]> {
  const [own] = await db.query<{ host: string | null; port: number }>(
    `SELECT current_setting('citus.local_hostname', true) AS host, current_setting('port')::int AS port`,
  );
  if (!own?.host) return [];
  const itself = formatAddress({ host: own.host, port: own.port });
  const reason = (await readLoginReasons(db, [itself], isOwn ? undefined : role)).get(itself);
  return reason === undefined ? [] : [{ from: 'the coordinator', to: `itself (${itself})`, role, reason }];
}
