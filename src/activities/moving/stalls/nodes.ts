import type { Db } from '../../../citus/session/connect.js';
import { readNodeAway, readPath, type NodeAway } from '../../../citus/nodes/node-answers.js';
import { readRegistration } from '../../../citus/nodes/registration.js';
import { literal } from '../../../citus/session/quote.js';
import { addressOf } from '../../../text/address.js';
import { does } from '../../../contract/index.js';
import { redact } from '../../../text/redact.js';
import { refusedLogin } from '../../runtime/cause.js';
import { allNodes, nodesOf, type Scene, type Stall } from './stall.js';

/** A node between which data moves has left the cluster, or may hold no shards any more. */
export async function nodeHasLeft(db: Db, { source, target, what }: Scene): Promise<Stall | undefined> {
  for (const node of [target, source]) {
    if (node === undefined) continue;
    const row = await readRegistration(db, node);
    if (row?.active && row.role === 'primary') continue;
    const state = row === undefined ? 'has no row for it' : `says: ${row.active ? row.role : 'not active'}`;
    return {
      cause: `node-left ${node}`,
      problem: `${node} has left the cluster meanwhile`,
      evidence: [`pg_dist_node ${state}`, what],
      remedies: [
        does('retry', `bring ${node} back into the cluster, then retry`),
        does('cancel', 'or cancel'),
      ],
      outlook: 'stuck',
    };
  }
  return undefined;
}

/** The target was marked with `shouldhaveshards = false` after the plan. */
export async function targetTakesNoShards(db: Db, { target, what }: Scene): Promise<Stall | undefined> {
  const row = target === undefined ? undefined : await readRegistration(db, target);
  if (target === undefined || row === undefined || row.shouldHaveShards) return undefined;
  const { host, port } = addressOf(target);
  return {
    cause: `no-shards-wanted ${target}`,
    problem: `${target} was marked meanwhile as a node that shall have no shards`,
    evidence: [`pg_dist_node.shouldhaveshards = false for ${target}`, what],
    remedies: [
      does(
        'retry',
        `on the coordinator: SELECT citus_set_node_property(${literal(host)}, ${port}, 'shouldhaveshards', true); then retry`,
      ),
      does('cancel', 'or cancel: what was moved stays where it is'),
    ],
    outlook: 'stuck',
  };
}

/** A node that the statement works on can't be reached. */
export async function nodeIsAway(db: Db, scene: Scene): Promise<Stall | undefined> {
  return stallOf(await readNodeAway(db, await nodesOf(db, scene)), scene);
}

/** Moves end with a word to all nodes, so each that is away holds them up at their last step. */
export async function otherNodeIsAway(db: Db, scene: Scene): Promise<Stall | undefined> {
  return stallOf(await readNodeAway(db, await allNodes(db)), scene);
}

/**
 * One end of a move can't reach the other, though both answer the coordinator: the copy and what is written meanwhile go
 * from node to node. A login that is refused says nothing, for they log in as others there.
 */
export async function pathIsCut(db: Db, { source, target, what }: Scene): Promise<Stall | undefined> {
  if (source === undefined || target === undefined) return undefined;
  for (const [from, to] of [
    [target, source],
    [source, target],
  ] as const) {
    const answer = await readPath(db, from, to);
    if (answer === undefined || refusedLogin({ message: answer }) !== undefined) continue;
    return {
      cause: `path ${from} ${to}`,
      problem: `${from} can't reach ${to}`,
      evidence: [`${from} to ${to}: ${redact(answer)}`, what],
      remedies: [
        `let ${from} reach ${to}: it goes on by itself`,
        does('cancel', 'or cancel: what was moved stays where it is'),
      ],
      outlook: 'heals',
    };
  }
  return undefined;
}

function stallOf(nodeAway: NodeAway | undefined, { source, target, what }: Scene): Stall | undefined {
  if (!nodeAway) return undefined;
  const { node, how, answer } = nodeAway;
  const role = node === source ? ', the source,' : node === target ? ', the target,' : '';
  const state =
    how === 'silent' ? 'gives no answer: it is frozen, overloaded or cut off' : "can't be reached";
  return {
    cause: `node-away ${node}`,
    problem: `${node}${role} ${state}`,
    evidence: [`${node}: ${answer}`, what],
    remedies: [
      `bring ${node} back: it goes on by itself`,
      does(
        'cancel',
        `or, where that takes long, cancel, and isolate ${node}: the others can move without it then`,
      ),
    ],
    outlook: 'heals',
  };
}
