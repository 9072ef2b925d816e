import {
  readShardsOf,
  readStandbys,
  readUnlogged,
  type SuccessorFacts,
} from '../../../citus/lost/successor.js';
import type { ClusterNode } from '../../../citus/nodes/nodes.js';
import type { Db } from '../../../citus/session/connect.js';
import type { ClusterConfig } from '../../../config/index.js';
import type { Check } from '../../../contract/index.js';
import type { OperationRequest } from '../../../contract/internal/request.js';
import { startAgain } from '../../../contract/internal/start-again.js';
import { stopProgram } from '../../../machines/provisioner-of.js';
import type { RungFact } from '../../../planning/ladder.js';
import { currencyText, isBehind, type Candidate } from '../../../planning/successor.js';
import { secondsOf } from '../../../text/duration.js';
import { applyAcceptance } from '../../preflight/severity.js';
import { failed, listOf, passed } from '../../preflight/check.js';
import { compareBackup } from './backup.js';
import { bestOf, lookAtSuccessor, readPlace, type Looked } from './look.js';

/** How long ago a standby may have heard of the dead worker, where the request doesn't say it. */
const usualLag = '10m';

/** What is known of the servers that may take the place of dead workers. */
export interface SuccessionFacts {
  standby: RungFact;
  restored: RungFact;
  /** Why nothing is given up: a standby has it, which only takes the place of one dead worker at a time. */
  better?: string;
  /** For each of the two, the checks that belong to it. */
  checks: Record<'standby' | 'restored', Check[]>;
}

type Request = OperationRequest<'emergencyRemoveWorker'>;

/**
 * Looks for servers that can take the place of a dead worker: its standbys, given or registered, and a restored one.
 *
 * @param dead workers that are taken out together
 * @param right what our role at the coordinator lacks, if anything
 */
export async function successionFacts(
  db: Db,
  cluster: ClusterConfig,
  {
    request,
    nodes,
    dead,
    right,
  }: { request: Request; nodes: ClusterNode[]; dead: ClusterNode[]; right: string | undefined },
): Promise<SuccessionFacts> {
  const looked: Looked[] = [];
  const restored: Looked[] = [];
  const { standby: given, restored: fromBackup } = request.input;
  const most = lagOf(request);
  for (const each of dead) {
    const place = await readPlace(db, nodes, each);
    const shards = await readShardsOf(db, each.groupId);
    const look = (candidate: Candidate): Promise<Looked> =>
      lookAtSuccessor(db, cluster, { candidate, place, shards });
    const candidates = candidatesOf(given, await readStandbys(db, each.groupId));
    for (const candidate of candidates) looked.push(await look(candidate));
    if (fromBackup !== undefined) restored.push(await look({ node: fromBackup, source: 'given' }));
  }
  const names = dead.map(({ node }) => node).join(', ');
  const best = bestOf(looked, most);
  const server = best?.facts && dead.length === 1 ? best : undefined;
  const [backup] = restored;
  return {
    standby: standbyFact(looked, best, { names, alone: dead.length === 1, right, most }),
    restored: await restoredFact(db, dead, backup, right),
    ...(best &&
      !server && { better: `${best.node} has what one of them held: take that one out first, alone` }),
    checks: {
      standby: server?.facts
        ? [
            ...applyAcceptance(
              [lagCheck(request, names, server.node, server.facts)],
              request.input.acceptChecks ?? [],
            ),
            ...(await unloggedCheck(db, dead, server.node)),
            machineCheck(cluster, names),
          ]
        : [],
      restored: backup ? [...(await unloggedCheck(db, dead, backup.node)), machineCheck(cluster, names)] : [],
    },
  };
}

function candidatesOf(given: string | undefined, registered: readonly string[]): Candidate[] {
  // Whoever names one means that one.
  if (given !== undefined) return [{ node: given, source: 'given' }];
  return registered.map((node) => ({ node, source: 'registered' }));
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

function lagCheck(request: Request, dead: string, node: string, facts: SuccessorFacts): Check {
  const evidence = `${node}: ${currencyText(dead, facts)}`;
  if (!isBehind(facts, lagOf(request))) return passed('standby-lag', evidence);
  const { heardSecondsAgo: ago } = facts;
  const wider =
    ago === null
      ? { acceptChecks: [...(request.input.acceptChecks ?? []), 'standby-lag'], reason: 'nothing is missing' }
      : { maxStandbyLag: `${Math.ceil(ago / 3_600) + 1}h` };
  return failed(
    'standby-lag',
    `${evidence}. What ${dead} wrote after that is not on it`,
    startAgain(
      request,
      `see when ${dead} died. If it wrote nothing in between, or if you can do without that, go on all the same`,
      wider,
    ),
  );
}

function lagOf({ input }: Request): number {
  return secondsOf(input.maxStandbyLag ?? usualLag);
}

async function unloggedCheck(db: Db, dead: readonly ClusterNode[], server: string): Promise<Check[]> {
  const tables = (await Promise.all(dead.map(({ groupId }) => readUnlogged(db, groupId)))).flat();
  if (tables.length === 0) return [];
  return [
    failed(
      'unlogged-on-standby',
      `unlogged tables are empty on every standby, and in base backups: what the dead worker had of them is lost: ${listOf(tables)}`,
      `fill them again once ${server} is in its place`,
    ),
  ];
}

/** One that comes back with its old metadata writes into the cluster. */
function machineCheck(cluster: ClusterConfig, dead: string): Check {
  const program = stopProgram(cluster);
  return passed(
    'machine',
    program === undefined
      ? `no program of the config can stop the machine of ${dead}: see to it that it stays off, for two servers would write one part of the data`
      : `the machine of ${dead} is stopped first, by ${program}, if that knows it`,
  );
}
