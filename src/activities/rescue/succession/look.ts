import { readSuccessor, type SuccessorFacts } from '../../../citus/lost/successor.js';
import { readIdentities } from '../../../citus/new-server/identity.js';
import { runOnNodes } from '../../../citus/nodes/node-settings.js';
import { activePrimaries, type ClusterNode } from '../../../citus/nodes/nodes.js';
import { NodeNotAllowedError, withNode, type Db } from '../../../citus/session/connect.js';
import { within } from '../../../citus/session/within.js';
import type { ClusterConfig } from '../../../config/index.js';
import { isBehind, whyNotSuccessor, type Candidate, type Place } from '../../../planning/successor.js';
import { readSession } from '../../runtime/context.js';

/** A server that was looked at: what it says of itself, or what keeps it from taking the place of the dead worker. */
export type Looked = Candidate & ({ why: string; facts?: SuccessorFacts } | { facts: SuccessorFacts });

/** Milliseconds for which a server may keep us waiting. */
const patienceMs = 15_000;

/** Reads what is known of a dead worker, by which its copies are recognised. */
export async function readPlace(db: Db, nodes: readonly ClusterNode[], dead: Place['dead']): Promise<Place> {
  const others = activePrimaries(nodes).filter((node) => node !== dead.node);
  const identities = (await within(db, 10, () => readIdentities(db, others))) ?? [];
  return {
    dead,
    coordinator: nodes.find(({ role }) => role === 'coordinator')?.node ?? '',
    others: identities.flatMap(({ systemIdentifier }) => systemIdentifier ?? []),
  };
}

/**
 * Looks at a server that may take the place of a dead worker, from here and from the coordinator. Changes nothing.
 *
 * @param shards that should be there
 */
export async function lookAtSuccessor(
  db: Db,
  cluster: ClusterConfig,
  { candidate, place, shards }: { candidate: Candidate; place: Place; shards: readonly string[] },
): Promise<Looked> {
  const { node } = candidate;
  const patience = AbortSignal.timeout(patienceMs);
  const options = readSession('successor', { statementTimeoutSeconds: 10 });
  const signal = options.signal ? AbortSignal.any([options.signal, patience]) : patience;
  try {
    const facts = await withNode(cluster, node, { ...options, signal }, (there) =>
      readSuccessor(there, shards),
    );
    const why = whyNotSuccessor(place, facts) ?? (await whyUnreached(db, node));
    return why === undefined ? { ...candidate, facts } : { ...candidate, facts, why };
  } catch (error) {
    options.signal?.throwIfAborted();
    return { ...candidate, why: wordsOf(error, patience.aborted) };
  }
}

/** Of several standbys the one that heard of the dead worker last. One that may be too far behind comes after all others. */
export function bestOf(looked: readonly Looked[], mostSeconds: number): Looked | undefined {
  const rank = ({ facts }: Looked): number => {
    if (!facts) return Number.POSITIVE_INFINITY;
    return (facts.heardSecondsAgo ?? 1e12) + (isBehind(facts, mostSeconds) ? 1e9 : 0);
  };
  return [...looked].filter((each) => !('why' in each)).sort((a, b) => rank(a) - rank(b))[0];
}

async function whyUnreached(db: Db, node: string): Promise<string | undefined> {
  const [answer] = (await within(db, 6, () => runOnNodes(db, [{ node, command: 'SELECT 1' }]))) ?? [];
  return answer?.success
    ? undefined
    : `the coordinator doesn't reach it: ${answer?.result ?? 'no answer within 6 s'}`;
}

function wordsOf(error: unknown, isLate: boolean): string {
  if (error instanceof NodeNotAllowedError)
    return 'it may not be connected to: no pattern of allowedNodes in the config matches it';
  if (isLate) return `no answer within ${patienceMs / 1_000} s`;
  const words = error instanceof AggregateError ? error.errors.map(String).join('; ') : String(error);
  return `it doesn't answer: ${words.split('\n')[0] ?? ''}`;
}
