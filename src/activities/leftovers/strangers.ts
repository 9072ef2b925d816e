import { setTimeout as sleep } from 'node:timers/promises';
import {
  readSessions,
  renewDaemon,
  secondsOfActivity,
  type CitusSession,
  type SessionsOnNode,
} from '../../citus/leftovers/sessions.js';
import type { ClusterNode } from '../../citus/nodes/nodes.js';
import type { Db } from '../../citus/session/db.js';
import type { Finding } from './finding.js';

/** The node id of a process that began before its server was a node: that of most daemons of Citus (measured). */
const notYetNode = 99_999_999;

/** Milliseconds between two looks at sessions that may be asleep. */
const lookMs = 1_000;

/** A session of no node that is known to be one of this cluster. */
interface Stranger extends CitusSession {
  node: string;
  /** When it was first seen, in ms by the node's clock. */
  seenAt: number;
}

/**
 * Finds sessions of servers that believe to be in the cluster and aren't: whoever still connects to such a server writes
 * into the cluster, past its coordinator (measured, docs/citus.md). A process is known by its number: that of a server
 * which was a node before, and is again, keeps its old node id until it begins anew.
 */
export async function findStrangers(db: Db, nodes: ClusterNode[], addresses: string[]): Promise<Finding[]> {
  const answers = await lookAt(db, addresses);
  const found = await lasting(db, addresses, strangersIn(answers, nodes));
  const silent = nodes.filter(
    ({ role, node }) => role !== 'secondary' && !answers.some((answer) => answer.node === node),
  );
  const findings = [
    ...found.map((stranger) =>
      findingOf(
        stranger,
        silent.map(({ node }) => node),
      ),
    ),
    ...oldNames(answers, nodes),
  ];
  return [...new Map(findings.map((finding) => [`${finding.node} ${finding.name}`, finding])).values()];
}

async function lookAt(db: Db, addresses: string[]): Promise<SessionsOnNode[]> {
  return (await readSessions(db, addresses)).flatMap((look) => ('error' in look ? [] : [look]));
}

/**
 * The sessions whose process no node has, and whose node id none has either. A process without a node id of its own is
 * told only when all nodes have told theirs: it could be that of any.
 */
function strangersIn(answers: SessionsOnNode[], nodes: ClusterNode[]): Stranger[] {
  const ids = new Set(nodes.map(({ nodeId }) => nodeId));
  const pids = new Set(answers.flatMap((look) => look.pids));
  const respondents = new Set(answers.map(({ node }) => node));
  const isComplete =
    nodes.some(({ role }) => role === 'coordinator') &&
    nodes.every(({ role, node }) => role === 'secondary' || respondents.has(node));
  return answers.flatMap(({ node, at, sessions }) =>
    sessions
      .filter(
        ({ nodeId, pid }) => !pids.has(pid) && !ids.has(nodeId) && (nodeId !== notYetNode || isComplete),
      )
      .map((session) => ({ ...session, node, seenAt: at })),
  );
}

/**
 * Those that are awake. A server that was just taken out properly was active a moment ago, so each is looked at until it
 * has done something more, or was asleep for long enough to be left out.
 */
async function lasting(db: Db, addresses: string[], first: Stranger[]): Promise<Stranger[]> {
  const awake: Stranger[] = [];
  let open = first;
  for (const end = Date.now() + (secondsOfActivity + 1) * 1_000; open.length > 0 && Date.now() < end;) {
    await sleep(lookMs);
    const again = await lookAt(db, addresses);
    const still = open.flatMap((stranger) => {
      const session = again
        .find(({ node }) => node === stranger.node)
        ?.sessions.find(({ nodeId, pid }) => nodeId === stranger.nodeId && pid === stranger.pid);
      return session ? [{ ...stranger, did: session.did }] : [];
    });
    awake.push(...still.filter(isAwake));
    open = still.filter((stranger) => !isAwake(stranger));
  }
  // At one long statement, or it takes pg_monitor to see what it does.
  return [...awake, ...open];
}

/** What it had begun before it was seen may have ended a little later. */
function isAwake({ did, seenAt }: Stranger): boolean {
  return did !== null && did > seenAt + 1_000;
}

function findingOf({ node, nodeId, address }: Stranger, silent: string[]): Finding {
  const name = nodeId === notYetNode ? 'a node' : `node ${nodeId}`;
  const who = `${nodeId === notYetNode ? 'of a server' : `node id ${nodeId}`} from ${address ?? 'an address that it takes pg_monitor to see'}`;
  return { kind: 'session', node, name: who, how: howToEnd(name, address, silent), isStranger: true };
}

/** Only of a server that surely is none of the nodes it is said how to stop it. */
function howToEnd(name: string, address: string | null, silent: string[]): string {
  if (address === null)
    return `some server says that it is ${name} of this cluster, which no node is. To see where it is, GRANT pg_monitor to the role that looks, and look again`;
  if (silent.length > 0)
    return `a server at ${address} says that it is ${name} of this cluster, which no node is. It may be ${silent.join(' or ')}, which doesn't answer: look again when all nodes do`;
  return `a server at ${address} believes that it is ${name} of this cluster, and none of the nodes has that process. If it is a standby (SELECT pg_is_in_recovery() there), leave it. Else what is written through it changes shards here: stop it, or DELETE FROM pg_dist_node there`;
}

/** Nodes whose daemon announces the id that they had in an earlier time. Nothing is wrong with them. */
function oldNames(answers: SessionsOnNode[], nodes: ClusterNode[]): Finding[] {
  return answers.flatMap(({ node, daemon }): Finding[] => {
    const row = nodes.find((each) => each.node === node);
    if (!daemon || !row || daemon.nodeId === notYetNode || daemon.nodeId === row.nodeId) return [];
    return [
      {
        kind: 'session',
        node,
        name: `of its own daemon, under its earlier node id ${daemon.nodeId}`,
        how: `${node} is node ${row.nodeId} now and works as it should; its daemon calls itself node ${daemon.nodeId} until it begins anew. On ${node}: SELECT pg_terminate_backend(${daemon.pid}); Citus starts it again by itself`,
        remove: async (db) => {
          const why = await renewDaemon(db, node);
          return why === undefined ? undefined : { obsolete: false, why };
        },
      },
    ];
  });
}
