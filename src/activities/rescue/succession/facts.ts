import { readShardsOf, readStandbys } from '../../../citus/lost/successor.js';
import type { ClusterNode } from '../../../citus/nodes/nodes.js';
import type { Db } from '../../../citus/session/connect.js';
import type { ClusterConfig } from '../../../config/index.js';
import type { Check } from '../../../contract/index.js';
import type { OperationRequest } from '../../../contract/internal/request.js';
import type { NodeSample } from '../../../contract/internal/sample.js';
import type { RungFact } from '../../../planning/ladder.js';
import { currencyText, isBehind, type Candidate, type Place } from '../../../planning/successor.js';
import { addressOf, formatAddress } from '../../../text/address.js';
import { applyAcceptance } from '../../preflight/severity.js';
import { compareBackup } from './backup.js';
import {
  knownStandbyCheck,
  lagCheck,
  lagOf,
  machineCheck,
  patroniCheck,
  synchronousCheck,
  unloggedCheck,
} from './checks.js';
import { bestOf, lookAtSuccessor, readPlace, type Looked } from './look.js';

/** What is known of the servers that may take the place of dead workers. */
export interface SuccessionFacts {
  standby: RungFact;
  restored: RungFact;
  /** Why nothing is given up: a standby has it, which only takes the place of one dead worker at a time. */
  better?: string;
  /** For each of these ways, the checks that belong to it. */
  checks: Record<'standby' | 'restored' | 'give-up-data', Check[]>;
}

type Request = OperationRequest<'emergencyRemoveWorker'>;

/**
 * Looks for servers that can take the place of a dead worker: its standbys, given or registered, and a restored one.
 *
 * @param dead workers that are taken out together
 * @param right what our role at the coordinator lacks, if anything
 * @param sampled what was noted of each dead worker while it was well
 */
export async function successionFacts(
  db: Db,
  cluster: ClusterConfig,
  {
    request,
    nodes,
    dead,
    right,
    sampled,
  }: {
    request: Request;
    nodes: ClusterNode[];
    dead: ClusterNode[];
    right: string | undefined;
    sampled: readonly (NodeSample | undefined)[];
  },
): Promise<SuccessionFacts> {
  const looked: Looked[] = [];
  const restored: Looked[] = [];
  const { standby: given, restored: fromBackup } = request.input;
  const most = lagOf(request);
  for (const [index, each] of dead.entries()) {
    const place = await readPlace(db, nodes, each);
    const known = sampled[index];
    const shards = await readShardsOf(db, each.groupId);
    const look = (candidate: Candidate, at: Place): Promise<Looked> =>
      lookAtSuccessor(db, cluster, { candidate, place: at, shards });
    const candidates = candidatesOf(given, await readStandbys(db, each.groupId), portsOf(known, nodes));
    // A backup may be restored as a server of another identifier.
    const { systemIdentifier } = known ?? {};
    const asStandby = { ...place, ...(systemIdentifier !== undefined && { systemIdentifier }) };
    for (const candidate of candidates) looked.push(await look(candidate, asStandby));
    if (fromBackup !== undefined) restored.push(await look({ node: fromBackup, source: 'given' }, place));
  }
  const names = dead.map(({ node }) => node).join(', ');
  const best = bestOf(looked, most);
  const server = best?.facts && dead.length === 1 ? best : undefined;
  const [backup] = restored;
  const accepted = (checks: Check[]): Check[] => applyAcceptance(checks, request.input.acceptChecks ?? []);
  return {
    standby: standbyFact(looked, best, { names, alone: dead.length === 1, right, most }),
    restored: await restoredFact(db, dead, backup, right),
    ...(best &&
      !server && { better: `${best.node} has what one of them held: take that one out first, alone` }),
    checks: {
      standby: server?.facts
        ? [
            ...accepted([
              lagCheck(request, names, server.node, server.facts),
              ...patroniCheck(request, names, server.node, server.facts),
              ...synchronousCheck(server.node, server.facts),
            ]),
            ...(await unloggedCheck(db, dead, server.node)),
            machineCheck(cluster, names),
          ]
        : [],
      restored: backup
        ? [
            ...(backup.facts ? accepted(synchronousCheck(backup.node, backup.facts)) : []),
            ...(await unloggedCheck(db, dead, backup.node)),
            machineCheck(cluster, names),
          ]
        : [],
      'give-up-data': accepted(
        knownStandbyCheck(
          request,
          sampled,
          // A guessed port may be another's, and one that may not be connected to may be a standby all the same.
          looked.filter(({ source, facts }) => source !== 'sample' || facts).map(({ node }) => node),
        ),
      ),
    },
  };
}

/** Where a standby may listen that streamed from the dead worker: a sample has its host, and ports are mostly alike. */
function portsOf(sample: NodeSample | undefined, nodes: readonly ClusterNode[]): string[] {
  const { port } = addressOf(sample?.node ?? ':0');
  const all = (sample?.standbys ?? []).flatMap(({ host }) =>
    host === undefined ? [] : formatAddress({ host, port }),
  );
  return [...new Set(all)].filter((node) => !nodes.some((each) => each.node.toLowerCase() === node));
}

function candidatesOf(
  given: string | undefined,
  registered: readonly string[],
  sampled: readonly string[],
): Candidate[] {
  // Whoever names one means that one.
  if (given !== undefined) return [{ node: given, source: 'given' }];
  return [
    ...registered.map((node) => ({ node, source: 'registered' as const })),
    ...sampled.map((node) => ({ node, source: 'sample' as const })),
  ];
}

function standbyFact(
  looked: readonly Looked[],
  best: Looked | undefined,
  { names, alone, right, most }: { names: string; alone: boolean; right: string | undefined; most: number },
): RungFact {
  if (looked.length === 0)
    return { possible: false, why: `no standby of ${names} is registered, and none was named` };
  if (!best?.facts)
    return {
      possible: false,
      why: looked.map((each) => `${each.node} (${each.source}): ${'why' in each ? each.why : ''}`).join('; '),
    };
  const is = `${best.node} (${best.source}) is a copy of it`;
  if (!alone)
    return {
      possible: false,
      why: `${is}; a standby takes the place of one dead worker at a time: name them one by one`,
    };
  if (right !== undefined) return { possible: false, why: `${is}, but ${right}` };
  return {
    possible: true,
    why: `${is} and takes its place: ${currencyText(names, best.facts)}`,
    server: best.node,
    // Then somebody has accepted that.
    losesData: isBehind(best.facts, most),
  };
}

async function restoredFact(
  db: Db,
  dead: readonly ClusterNode[],
  looked: Looked | undefined,
  right: string | undefined,
): Promise<RungFact> {
  const no = (why: string): RungFact => ({ possible: false, why });
  const [only] = dead;
  if (!looked || !only) return no('no server that was restored from a backup was named');
  const { node } = looked;
  if ('why' in looked) return no(`${node}: ${looked.why}`);
  if (looked.facts.inRecovery)
    return no(
      `${node} is in recovery: a standby is named as such; one that is still being restored has to be promoted first`,
    );
  if (right !== undefined) return no(right);
  const compared = await compareBackup(db, node, only.groupId);
  if ('why' in compared) return no(`${node}: ${compared.why}`);
  const { older } = compared;
  const { heardAt } = looked.facts;
  return {
    possible: true,
    why: [
      `${node} has all shards and takes its place`,
      `what was written after its backup is lost${heardAt === null ? '; how old that is it doesn’t tell' : `: its last restored transaction is of ${heardAt}`}`,
      ...(older === undefined
        ? []
        : [`reference tables that are older there get the present rows first: ${older}`]),
    ].join('; '),
    server: node,
  };
}
