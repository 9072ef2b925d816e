import { addressOf, formatAddress } from '../../text/address.js';
import type { Db } from '../session/db.js';
import { literal } from '../session/quote.js';

/** The address of a node, by its id: what tells whether it was switched. Undefined: no such node. */
export async function readAddress(db: Db, nodeId: number): Promise<string | undefined> {
  const [row] = await db.query<{ host: string; port: number }>(
    'SELECT nodename AS host, nodeport AS port FROM pg_dist_node WHERE nodeid = $1',
    [nodeId],
  );
  return row && formatAddress(row);
}

/**
 * Has a node group live at another address, in the transaction that holds the coordinator's locks. It changes rows of the
 * coordinator only; Citus tells the other nodes once it is committed.
 */
export async function updateNode(db: Db, nodeId: number, address: string): Promise<void> {
  const { host, port } = addressOf(address);
  await db.query('SELECT citus_update_node($1, $2, $3, false)', [nodeId, host, port]);
}

/**
 * Waits, at the server, until it was told of an address, and keeps the locks of its transaction meanwhile: also when
 * whoever asked is gone by then. So nothing that enters here goes to the old address once the new one holds.
 *
 * @returns whether it was told in time
 */
export function awaitAddress(
  db: Db,
  nodeId: number,
  address: string,
  milliseconds: number,
): Promise<boolean> {
  const { host, port } = addressOf(address);
  return awaitTold(
    db,
    `EXISTS (SELECT FROM pg_catalog.pg_dist_node WHERE nodeid = ${nodeId} AND nodename = ${literal(host)} AND nodeport = ${port})`,
    milliseconds,
  );
}

/**
 * Waits, at the server, until a condition holds there.
 *
 * @param unsure condition under which it waits on when the time is over
 */
export async function awaitTold(
  db: Db,
  told: string,
  milliseconds: number,
  { unsure = 'false' } = {},
): Promise<boolean> {
  const steps = Math.ceil(milliseconds / 10);
  const loop = `LOOP i := i + 1; EXIT WHEN ${told} OR (i > ${steps} AND NOT ${unsure}); PERFORM pg_sleep(0.01); END LOOP;`;
  await db.query(`DO ${literal(`DECLARE i int := 0; BEGIN ${loop} END`)}`);
  const [row] = await db.query<{ told: boolean }>(`SELECT ${told} AS told`);
  return row?.told === true;
}

/** Keeps the locks of a transaction for so long, also when whoever asked is gone. */
export async function keepHold(db: Db, milliseconds: number): Promise<void> {
  await db.query('SELECT pg_sleep($1)', [milliseconds / 1_000]);
}
