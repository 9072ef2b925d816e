import type { Db } from '../../../citus/session/connect.js';
import {
  readApplyErrors,
  readApplyHindrances,
  readLostSlots,
  readMoveObjects,
} from '../../../citus/moving/move-objects.js';
import { does } from '../../../contract/index.js';
import { nodesOf, type Scene, type Stall } from './stall.js';

/** Errors of one subscription after which its apply worker counts as failing: one may be of a moment. */
const failingErrors = 3;

/**
 * The worker that applies the changes at the target fails, is started again and fails again: PostgreSQL tells nobody but
 * its log, and Citus waits for ever.
 */
export async function applyFails(db: Db, scene: Scene): Promise<Stall | undefined> {
  const { subscriptions } = await readMoveObjects(db, scene.shardIds);
  const nodes = scene.target === undefined ? await nodesOf(db, scene) : [scene.target];
  const failing = await readApplyErrors(db, nodes, subscriptions);
  const worst = failing.find(({ errors }) => errors >= failingErrors);
  if (!worst) return undefined;
  const { node, errors } = worst;
  const hindrances = scene.shardIds ? await readApplyHindrances(db, node, scene.shardIds) : [];
  const [hindrance] = hindrances;
  return {
    cause: `apply-fails ${node}`,
    problem: `what is written meanwhile can't be applied on ${node}: its apply worker fails again and again${hindrance === undefined ? '' : ` (${hindrance})`}`,
    evidence: [
      `pg_stat_subscription_stats on ${node}: failed ${errors} times for this move`,
      ...hindrances.map((line) => `${node}: ${line}`),
      `why stands in the server log of ${node}, in the lines of the logical replication worker`,
      scene.what,
    ],
    remedies: [
      hindrance === undefined
        ? `repair what the server log of ${node} says: a trigger, a constraint or row security of the table, as a rule`
        : `repair it on the table, or see the server log of ${node}: ${hindrance}`,
      does('cancel', 'or cancel, and move with block_writes, which applies nothing'),
    ],
    outlook: 'anew',
  };
}

/** The source has thrown away what the move still had to read: it never catches up. */
export async function slotIsLost(db: Db, scene: Scene): Promise<Stall | undefined> {
  const { slots } = await readMoveObjects(db, scene.shardIds);
  const nodes = scene.source === undefined ? await nodesOf(db, scene) : [scene.source];
  const [lost] = await readLostSlots(db, nodes, slots);
  if (!lost) return undefined;
  const { node, reason, keeps } = lost;
  const isLimit = reason === null || reason === 'wal_removed';
  const why = isLimit
    ? `more WAL was written there than max_slot_wal_keep_size lets it keep (${keeps})`
    : `PostgreSQL has invalidated it (${reason})`;
  return {
    cause: `slot-lost ${node} ${reason ?? 'wal_removed'}`,
    problem: `the replication slot of this move on ${node} is lost: ${why}`,
    evidence: [
      `pg_replication_slots on ${node}: wal_status = lost${reason === null ? '' : `, invalidation_reason = ${reason}`}; max_slot_wal_keep_size = ${keeps}`,
      scene.what,
    ],
    remedies: [
      isLimit
        ? `let the slot keep more until all is moved, on ${node}: ALTER SYSTEM SET max_slot_wal_keep_size = -1; SELECT pg_reload_conf(); or move when less is written there`
        : reason === 'idle_timeout'
          ? `on ${node}: ALTER SYSTEM SET idle_replication_slot_timeout = 0; SELECT pg_reload_conf(); its slot rests while the copy is made`
          : `see to what ${reason} means on ${node}`,
      does('cancel', 'or cancel, and move with block_writes, which needs no slot'),
    ],
    outlook: 'anew',
  };
}
