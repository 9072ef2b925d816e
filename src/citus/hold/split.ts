import { addressOf } from '../../text/address.js';
import type { Db } from '../session/db.js';
import { literal } from '../session/quote.js';
import { awaitTold } from './switch.js';

/** The row of a clone: a standby of a worker that is registered as such, or a worker that was one. */
export interface CloneRow {
  nodeId: number;
  groupId: number;
  /** Whether it is one still; once the shards are split it is a worker like any other. */
  isClone: boolean;
}

/** Whether this Citus can make a worker of a clone; 13.2 is the first that can. */
export async function canSplit(db: Db): Promise<boolean> {
  const [row] = await db.query<{ can: boolean }>(
    `SELECT to_regprocedure('pg_catalog.citus_promote_clone_and_rebalance(integer, name, integer)') IS NOT NULL AS can`,
  );
  return row?.can === true;
}

/** The row of a clone, by its address; undefined: there is none. */
export async function readClone(db: Db, clone: string): Promise<CloneRow | undefined> {
  const { host, port } = addressOf(clone);
  const [row] = await db.query<CloneRow>(
    `SELECT nodeid AS "nodeId", groupid AS "groupId", nodeisclone AS "isClone" FROM pg_catalog.pg_dist_node
      WHERE lower(nodename) = lower($1) AND nodeport = $2`,
    [host, port],
  );
  return row;
}

/** Registers a streaming standby as a clone of a worker. Called twice it is found so. */
export async function addClone(db: Db, clone: string, source: string): Promise<void> {
  const [own, of] = [addressOf(clone), addressOf(source)];
  await db.query('SELECT citus_add_clone_node($1, $2, $3, $4)', [own.host, own.port, of.host, of.port]);
}

/** Takes the row of a clone out, dead or alive. */
export async function removeClone(db: Db, clone: string): Promise<void> {
  const { host, port } = addressOf(clone);
  await db.query('SELECT citus_remove_clone_node($1, $2)', [host, port]);
}

/** The address that stands for a clone which isn't registered yet: the plan doesn't depend on it. */
const pretended = { host: 'citus-scaler-planned-clone', port: 1 };

/** The shards that would go to a clone, as Citus plans it. For one that is yet to come its row is there in a transaction that is rolled back. */
export async function readSplit(db: Db, source: string, clone?: string): Promise<number[]> {
  const [of, own] = [addressOf(source), clone === undefined ? pretended : addressOf(clone)];
  const ask = async (): Promise<number[]> => {
    const rows = await db.query<{ id: number }>(
      `SELECT shardid AS id FROM get_snapshot_based_node_split_plan($1, $2, $3, $4) WHERE placement_node = 'Clone Node'`,
      [of.host, of.port, own.host, own.port],
    );
    return rows.map(({ id }) => id);
  };
  if (clone !== undefined) return ask();
  await db.query('BEGIN');
  try {
    await db.query(
      `INSERT INTO pg_dist_node (nodeid, groupid, nodename, nodeport, isactive, shouldhaveshards, noderole, nodeisclone, nodeprimarynodeid)
       SELECT max(nodeid) + 1, max(groupid) + 1, $1, $2, false, false, 'unavailable', true,
              max(nodeid) FILTER (WHERE nodename = $3 AND nodeport = $4) FROM pg_dist_node`,
      [own.host, own.port, of.host, of.port],
    );
    return await ask();
  } finally {
    await db.query('ROLLBACK');
  }
}

/**
 * Has Citus promote a clone and give it its shards, in the transaction that holds the coordinator's locks. Where the clone
 * lacks WAL at that moment, Citus sleeps for 5 s, and gives up then.
 */
export async function promoteAndSplit(db: Db, clone: string, seconds: number): Promise<void> {
  const { host, port } = addressOf(clone);
  await db.query(`SET LOCAL statement_timeout = '${seconds}s'`);
  await db.query(
    `SELECT citus_promote_clone_and_rebalance(nodeid, NULL, 5) FROM pg_dist_node WHERE lower(nodename) = lower($1) AND nodeport = $2`,
    [host, port],
  );
}

/**
 * Waits, at the server, until it knows that a clone is a worker, and keeps the locks of its transaction meanwhile: a write
 * that entered here before would go to a shard that nobody reads any more. While what the coordinator prepared here is
 * neither committed nor rolled back, it waits beyond its time.
 */
export function awaitWorker(db: Db, clone: string, milliseconds: number): Promise<boolean> {
  return awaitTold(db, knows(clone), milliseconds, {
    unsure: `EXISTS (SELECT FROM pg_catalog.pg_prepared_xacts WHERE database = current_database() AND gid LIKE 'citus\\_0\\_%')`,
  });
}

/** Whether a server knows that a clone is a worker. */
export async function knowsWorker(db: Db, clone: string): Promise<boolean> {
  const [row] = await db.query<{ told: boolean }>(`SELECT ${knows(clone)} AS told`);
  return row?.told === true;
}

function knows(clone: string): string {
  const { host, port } = addressOf(clone);
  return `EXISTS (SELECT FROM pg_catalog.pg_dist_node WHERE nodename = ${literal(host)} AND nodeport = ${port} AND NOT nodeisclone)`;
}

/** Ends the sessions of Citus at a clone that is no worker yet: what they were told before takes no effect after it. */
export async function endCitusSessions(clone: Db): Promise<void> {
  await clone.query(
    `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
      WHERE datname = current_database() AND application_name LIKE 'citus\\_internal%' AND pid <> pg_backend_pid()`,
  );
}

/** Whether the sequences of a worker that was a clone count in the range of its source still; asked of itself. */
export async function hasForeignRange(clone: Db): Promise<boolean> {
  const [row] = await clone.query<{ foreign: boolean }>(
    `SELECT EXISTS (SELECT FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid
             WHERE s.seqmin >> 48 > 0 AND s.seqmin >> 48 <> (SELECT groupid FROM pg_dist_local_group)) AS foreign`,
  );
  return row?.foreign ?? false;
}
