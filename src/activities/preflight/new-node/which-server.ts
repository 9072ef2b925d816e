import type { Dirt } from '../../../citus/new-server/dirt.js';
import { isCopy, isSameServer, type KnownServer } from '../../../citus/new-server/identity.js';
import { literal } from '../../../citus/session/quote.js';
import type { ClusterNode } from '../../../citus/nodes/nodes.js';
import type { ServerFacts } from '../../../citus/nodes/server-facts.js';
import type { Check } from '../../../contract/index.js';
import { addressOf } from '../../../text/address.js';
import { failed, listOf, passed, warning } from '../check.js';
import { takeWrites } from '../cluster/coordinator.js';
import { notGivenUp } from './given-up.js';

/** Checks that the server is none of those that are known, under another name; undefined when it is none. */
export function anotherName(node: string, facts: ServerFacts, known: KnownServer[]): Check | undefined {
  const twin = known.find((each) => isSameServer(facts, each));
  return (
    twin &&
    failed('new-node-is-new', `${node} is ${twin.node} itself under another name`, 'name another server')
  );
}

/** Checks that the server is a primary that takes writes. */
export function takesWrites(
  node: string,
  facts: ServerFacts,
  { known, cluster }: { known: KnownServer[]; cluster: { database: string } },
): Check {
  if (facts.inRecovery) {
    const primary = known.find((each) => isCopy(facts, each));
    const whose = primary ? ` of ${primary.node}` : '';
    return failed('new-node-writable', `${node} is a standby${whose}`, 'name a primary');
  }
  return facts.readOnly
    ? failed(
        'new-node-writable',
        `${node}: transactions are read-only`,
        takeWrites(node, facts.user, cluster.database),
      )
    : passed('new-node-writable', `${node} is a primary that takes writes`);
}

/** Checks that the server is nobody's: no copy of a node, and of no other cluster. */
export function belonging(
  { known, nodes, cluster }: { known: KnownServer[]; nodes: ClusterNode[]; cluster: { database: string } },
  node: string,
  facts: ServerFacts,
  dirt: Dirt,
): Check[] {
  const copy = noCopy(node, facts, dirt, known);
  if (copy.some(({ ok }) => !ok)) return copy;
  const others = noOtherCluster(node, facts, dirt, nodes);
  return [...copy, others, ...(others.ok ? [notGivenUp(node, facts, dirt, { nodes, cluster })] : [])];
}

/**
 * Checks that the server is no physical copy of a node: it would be registered, and bring that node's shards as tables
 * that nobody knows. Servers that were made from one image look alike; where the nodes do, an empty one is none.
 */
function noCopy(node: string, facts: ServerFacts, dirt: Dirt, known: KnownServer[]): Check[] {
  if (facts.systemIdentifier === null) return [];
  const originals = known.filter((each) => isCopy(facts, each)).map((each) => each.node);
  if (originals.length === 0)
    return [passed('new-node-copy', `${node} is no copy of a server of this cluster`)];
  const evidence = `${node} has the system identifier of ${listOf(originals, 3)}`;
  const isBlank = dirt.tables === 0 && dirt.members.length === 0 && dirt.citusTables === 0;
  return isBlank && originals.length > 1
    ? [
        warning(
          'new-node-copy',
          `${evidence}, as if all were made from one image`,
          'make servers with initdb',
        ),
      ]
    : [
        failed(
          'new-node-copy',
          `${evidence}: it was made from a base backup, a snapshot or an image of that server`,
          isBlank
            ? 'make the server anew, with initdb; if all servers were made from one image and it holds nothing, that may be accepted'
            : 'make the server anew, with initdb',
        ),
      ];
}

/** Checks of servers that are named together, that no two of them are one, or copies of one another. */
export function noTwins(servers: KnownServer[]): Check[] {
  return servers.flatMap((server, index) => {
    const before = servers.slice(0, index);
    const same = before.find((each) => isSameServer(server, each));
    if (same)
      return [failed('new-node-is-new', `${server.node} is ${same.node} under another name`, 'name it once')];
    const original = before.find((each) => isCopy(server, each));
    return original
      ? [
          failed(
            'new-node-copy',
            `${server.node} has the system identifier of ${original.node}: one is a copy of the other`,
            'make one of them anew, with initdb; if both were made from one image and hold nothing, that may be accepted',
          ),
        ]
      : [];
  });
}

/**
 * Checks that the server belongs to no other cluster. Citus takes it over all the same, coordinators included, and that
 * cluster's tables are gone there without a word (measured, docs/citus.md).
 */
function noOtherCluster(
  node: string,
  { localGroup }: ServerFacts,
  { members, citusTables }: Dirt,
  nodes: ClusterNode[],
): Check {
  const isOurs = members.some((member) =>
    nodes.some(
      (each) =>
        each.nodeId === member.nodeId &&
        each.groupId === member.groupId &&
        each.node.toLowerCase() === member.node.toLowerCase(),
    ),
  );
  const workers = members.filter(({ groupId }) => groupId !== 0);
  if (localGroup === 0 && (workers.length > 0 || citusTables > 0))
    return failed(
      'new-node-other-cluster',
      `${node} is the coordinator of a cluster of its own, with ${workers.length} workers and ${citusTables} tables, which would be lost`,
      `name another server; if that cluster is to go, drop its database and make it anew, with the extension citus`,
    );
  if (localGroup !== 0 && members.length > 0 && !isOurs) {
    const coordinator = members.find(({ groupId }) => groupId === 0)?.node ?? 'an unknown server';
    const itself = addressOf(members.find(({ groupId }) => groupId === localGroup)?.node ?? node);
    const call = `(${literal(itself.host)}, ${itself.port})`;
    return failed(
      'new-node-other-cluster',
      `${node} is a worker of another cluster, whose coordinator is ${coordinator}: that one would lose what is there`,
      // Without the first statement it would keep its copy of the metadata (measured, docs/citus.md).
      `take it out of that cluster first, on ${coordinator}: SELECT stop_metadata_sync_to_node${call}; SELECT citus_remove_node${call}; — if that cluster is gone, drop its database and make it anew, with the extension citus`,
    );
  }
  return passed('new-node-other-cluster', `${node} belongs to no other cluster`);
}
