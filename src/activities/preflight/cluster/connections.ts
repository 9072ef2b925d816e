import type { Capacity, NodeCapacity } from '../../../citus/nodes/capacity.js';
import type { Check } from '../../../contract/index.js';
import { count } from '../../../text/figures.js';
import { failed, listOf, passed, warning } from '../check.js';
import { mendOnNodes } from '../on-nodes.js';
import { inAll, onCoordinator, onDataNode } from '../servers/sessions-needed.js';

/** What an operation does that takes connections. */
export interface ConnectionLoad {
  /** Moves at once; 0: nothing moves. */
  moves: number;
  /** Servers that are to join: each has a session with every other node from then on. */
  joining: number;
  /** Nodes that give or take shards. */
  dataNodes: ReadonlySet<string>;
  coordinator: string | undefined;
  /** Whether moves may block writes. */
  blocks: boolean;
  /** Whether we act as a superuser, whom few limits hold. */
  superuser: boolean;
}

/** For what looks on meanwhile, and for others. */
const spare = 4;

interface Shortage {
  node: string;
  evidence: string;
  statement: string;
  /** Whether there isn't enough for one move either. */
  surely: boolean;
}

/**
 * Checks that servers have the connections that moves and new workers take, on every node. Where there aren't enough for
 * one move it blocks: a series of moves has run servers out of connections before (citusdata/citus#4928).
 */
export function connections(capacities: readonly NodeCapacity[], load: ConnectionLoad): Check {
  const answers = capacities.flatMap((each) => ('error' in each ? [] : [each]));
  const shortages = answers.flatMap(({ node, capacity }) => [
    ...serverShort(
      node,
      capacity,
      needed(node, load) + spare,
      needed(node, { ...load, moves: Math.min(1, load.moves) }),
    ),
    ...(node === load.coordinator
      ? [...poolShort(node, capacity, load), ...clientsShort(node, capacity, load)]
      : []),
  ]);
  return shortages.length === 0
    ? passed(
        'connections',
        `every node has the connections free that ${count(load.moves, 'move')} at once and ${count(load.joining, 'new worker')} take`,
      )
    : told(shortages, load.moves > 0 ? 'make fewer moves at once, or ' : '');
}

/**
 * Checks that a server that is to join has connections enough: each other node has a session there from then on, and the
 * application will have as many as on the others.
 */
export function newNodeConnections(
  node: string,
  capacity: Capacity,
  { others, moves }: { others: readonly NodeCapacity[]; moves: number },
): Check[] {
  const answers = others.flatMap((each) => ('error' in each ? [] : [each.capacity]));
  const mesh = answers.length;
  const busiest = Math.max(0, ...answers.map(({ connectionsUsed }) => connectionsUsed));
  const need = Math.max(mesh, busiest) + inAll(onDataNode(moves)) + spare;
  const shortages = serverShort(node, capacity, need, mesh + inAll(onDataNode(Math.min(1, moves))));
  return shortages.length === 0 ? [] : [told(shortages, '')];
}

function told(shortages: readonly Shortage[], otherwise: string): Check {
  return (shortages.some(({ surely }) => surely) ? failed : warning)(
    'connections',
    listOf(shortages.map(({ node, evidence }) => `${node}: ${evidence}`)),
    `${otherwise}${mendOnNodes(shortages.map(({ node, statement }) => ({ node, what: statement })))}`,
  );
}

function needed(node: string, { moves, joining, dataNodes, coordinator }: ConnectionLoad): number {
  const forMoves = dataNodes.has(node) ? inAll(onDataNode(moves)) : 0;
  return forMoves + (node === coordinator ? inAll(onCoordinator(moves)) : 0) + joining;
}

function serverShort(node: string, capacity: Capacity, need: number, least: number): Shortage[] {
  const { connectionsMax: max, connectionsReserved: reserved, connectionsUsed: used } = capacity;
  const free = max - reserved - used;
  if (free >= need) return [];
  return [
    {
      node,
      evidence: `max_connections = ${max}, of which ${reserved} are reserved and ${used} in use; ${need} more are needed`,
      statement: `ALTER SYSTEM SET max_connections = ${roundUp(max - free + need)}; and a restart, of its standbys first`,
      surely: free < least,
    },
  ];
}

/** Moves that block writes take two at once to one node, beside one that stays; without they wait for each other for ever (measured). */
function poolShort(node: string, { poolMax }: Capacity, { moves, blocks }: ConnectionLoad): Shortage[] {
  if (poolMax <= 0 || moves === 0 || !blocks || poolMax >= 1 + 2 * moves) return [];
  return [
    {
      node,
      evidence: `citus.max_shared_pool_size = ${poolMax}; ${count(moves, 'move')} at once with writes blocked: ${1 + 2 * moves}, besides those of the application`,
      statement: `ALTER SYSTEM SET citus.max_shared_pool_size = ${poolMax + 2 * moves + 1}; SELECT pg_reload_conf();`,
      surely: poolMax < 2 + moves,
    },
  ];
}

function clientsShort(
  node: string,
  { clientsMax, clientsUsed }: Capacity,
  { moves, superuser }: ConnectionLoad,
): Shortage[] {
  const { acting: need } = onCoordinator(moves);
  if (superuser || clientsMax < 0 || clientsMax - clientsUsed >= need) return [];
  return [
    {
      node,
      evidence: `citus.max_client_connections = ${clientsMax}, of which ${clientsUsed} are in use; ${need} more are needed`,
      statement: `ALTER SYSTEM SET citus.max_client_connections = ${clientsUsed + 2 * need}; SELECT pg_reload_conf();`,
      surely: clientsMax - clientsUsed < onCoordinator(Math.min(1, moves)).acting,
    },
  ];
}

function roundUp(connections: number): number {
  return Math.ceil(connections / 10) * 10;
}
