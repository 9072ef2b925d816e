import type { Db } from '../../../citus/session/connect.js';
import { readReplication, type Replication } from '../../../citus/moving/replication.js';
import { does } from '../../../contract/index.js';
import { allNodes, type Scene, type Stall } from './stall.js';

/** The source has no replication slot left for a further move: `all replication slots are in use`. */
export async function noSlotsLeft(db: Db, scene: Scene): Promise<Stall | undefined> {
  const full = await fullest(db, scene, ({ slots, slotsUsed }) => slots - slotsUsed);
  if (!full) return undefined;
  const { node, slots, slotsUsed, slotsOf } = full;
  return {
    cause: `no-slots ${node}`,
    problem: `the replication slots of ${node} are used up (max_replication_slots)`,
    evidence: [
      `max_replication_slots = ${slots} on ${node}, ${slotsUsed} in use: ${slotsOf.join(', ') || 'none any more'}`,
      scene.what,
    ],
    remedies: [
      does('setParallelMoves', 'make fewer moves at once: it goes on as others end'),
      `or drop slots that nobody needs on ${node}, or raise max_replication_slots and restart it`,
    ],
    outlook: 'heals',
  };
}

/** The source has no WAL sender left for a further move: `requested standby connections exceeds`. */
export async function noSendersLeft(db: Db, scene: Scene): Promise<Stall | undefined> {
  const full = await fullest(db, scene, ({ senders, sendersUsed }) => senders - sendersUsed);
  if (!full) return undefined;
  const { node, senders, sendersUsed } = full;
  return {
    cause: `no-senders ${node}`,
    problem: `the WAL senders of ${node} are used up (max_wal_senders)`,
    evidence: [`max_wal_senders = ${senders} on ${node}, ${sendersUsed} in use now`, scene.what],
    remedies: [
      does('setParallelMoves', 'make fewer moves at once: it goes on as others end'),
      `or raise max_wal_senders on ${node} and restart it`,
    ],
    outlook: 'heals',
  };
}

/** The node with the least that is free: the source, or any node when data goes everywhere. */
async function fullest(
  db: Db,
  { source }: Scene,
  free: (replication: Replication) => number,
): Promise<(Replication & { node: string }) | undefined> {
  const nodes = source === undefined ? await allNodes(db) : [source];
  const [full] = (await readReplication(db, nodes)).toSorted((a, b) => free(a) - free(b));
  return full;
}
