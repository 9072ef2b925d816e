import { addressOf } from '../../text/address.js';
import type { Db } from '../session/db.js';
import { literal } from '../session/quote.js';
import { runOnNodes } from './node-settings.js';

/** Extensions of the database connected to that Citus would create on a node that joins. */
export async function readExtensions(db: Db): Promise<string[]> {
  const rows = await db.query<{ name: string }>(
    `SELECT extname::text AS name FROM pg_catalog.pg_extension WHERE extname NOT IN ('plpgsql') AND extname !~ '^citus' ORDER BY 1`,
  );
  return rows.map(({ name }) => name);
}

/** Reads which of the named extensions the server connected to could not create. */
export async function readMissingExtensions(db: Db, names: string[]): Promise<string[]> {
  const rows = await db.query<{ name: string }>(
    `SELECT n.name FROM unnest($1::text[]) n(name)
      WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_available_extensions a WHERE a.name = n.name) ORDER BY 1`,
    [names],
  );
  return rows.map(({ name }) => name);
}

/** Citus tables of the database connected to, as SQL spells them: those that Citus makes on a node that joins. */
export async function readCitusTables(db: Db): Promise<string[]> {
  const rows = await db.query<{ name: string }>(
    `SELECT logicalrelid::regclass::text AS name FROM pg_catalog.pg_dist_partition ORDER BY 1`,
  );
  return rows.map(({ name }) => name);
}

/** What a server has where Citus makes the cluster's tables. */
export interface InTheWay {
  /** Tables with rows: Citus drops them without a word when the server joins (measured, docs/citus.md). */
  tables: string[];
  /** Views and others that are no tables: Citus can't drop them, and the server can't be registered. */
  others: string[];
}

/** Reads what the server connected to has under the names of the cluster's tables. */
export async function readInTheWay(db: Db, names: string[]): Promise<InTheWay> {
  const [row] = await db.query<InTheWay>(
    `WITH own AS (
       SELECT c.oid::regclass::text AS name, c.relkind IN ('r', 'p') AS "isTable", pg_relation_size(c.oid) > 0
              OR EXISTS (SELECT FROM pg_partition_tree(c.oid) p WHERE p.isleaf AND pg_relation_size(p.relid) > 0) AS "hasRows"
         FROM unnest($1::text[]) t(name) JOIN pg_catalog.pg_class c ON c.oid = to_regclass(t.name))
     SELECT coalesce(array_agg(name ORDER BY name) FILTER (WHERE "isTable" AND "hasRows"), '{}') AS tables,
            coalesce(array_agg(name ORDER BY name) FILTER (WHERE NOT "isTable"), '{}') AS others
       FROM own`,
    [names],
  );
  return row ?? { tables: [], others: [] };
}

/** A way between two servers that can't be gone. */
export interface BrokenWay {
  from: string;
  to: string;
  error: string;
}

/**
 * Ways between a new server and the workers, both directions: moves go from worker to worker, and every node with
 * metadata connects to every other. Asked of the servers themselves, with the credentials that they have.
 *
 * @param db a session on the new server
 * @param coordinator a session on the coordinator
 */
export async function readBrokenWays(
  coordinator: Db,
  db: Db,
  node: string,
  workers: string[],
): Promise<BrokenWay[]> {
  const { host, port } = addressOf(node);
  const command = `SELECT success::text || ' ' || result FROM pg_catalog.master_run_on_worker(
    ARRAY[${literal(host)}], ARRAY[${port}], ARRAY['SELECT 1'], true)`;
  const answersOfWorkers = await runOnNodes(
    coordinator,
    workers.map((worker) => ({ node: worker, command })),
  );
  const answersOfNode = await runOnNodes(
    db,
    workers.map((worker) => ({ node: worker, command: 'SELECT 1' })),
  );
  return [
    ...answersOfWorkers.flatMap(({ node: from, success, result }) =>
      success && !result.startsWith('true') ? [{ from, to: node, error: result.replace(/^false /, '') }] : [],
    ),
    ...answersOfNode.flatMap(({ node: to, success, result }) =>
      success ? [] : [{ from: node, to, error: result }],
    ),
  ];
}
