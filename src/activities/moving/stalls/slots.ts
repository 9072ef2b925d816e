import type { Db } from '../../../citus/session/connect.js';
import { readReplication } from '../../../citus/moving/replication.js';
import { does } from '../../../contract/index.js';
import { allNodes, type Scene, type Stall } from './stall.js';

export async function noSlotsLeft(db: Db, { source, what }: Scene): Promise<Stall | undefined> {
  const replications = await readReplication(db, source === undefined ? await allNodes(db) : [source]);
  const [full] = [...replications].sort((a, b) => a.slots - a.slotsUsed - (b.slots - b.slotsUsed));
  if (!full) return undefined;
  const { node, slots, slotsUsed, slotsOf } = full;
  return {
    problem: `the replication slots of ${node} are used up (max_replication_slots)`,
    evidence: [
      `max_replication_slots = ${slots} on ${node}, ${slotsUsed} in use: ${slotsOf.join(', ') || 'none any more'}`,
      what,
    ],
    remedies: [
      does('setParallelMoves', 'make fewer moves at once: it goes on as others end'),
      `or drop slots that nobody needs on ${node}, or raise max_replication_slots and restart it`,
    ],
    outlook: 'heals',
  };
}

export async function noSendersLeft(db: Db, { source, what }: Scene): Promise<Stall | undefined> {
  const replications = await readReplication(db, source === undefined ? await allNodes(db) : [source]);
  const [full] = [...replications].sort((a, b) => a.senders - a.sendersUsed - (b.senders - b.sendersUsed));
  if (!full) return undefined;
  const { node, senders, sendersUsed } = full;
  return {
    problem: `the WAL senders of ${node} are used up (max_wal_senders)`,
    evidence: [`max_wal_senders = ${senders} on ${node}, ${sendersUsed} in use now`, what],
    remedies: [
      does('setParallelMoves', 'make fewer moves at once: it goes on as others end'),
      `or raise max_wal_senders on ${node} and restart it`,
    ],
    outlook: 'heals',
  };
}
