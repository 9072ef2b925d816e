import type { Conditions } from '../../../citus/nodes/conditions.js';
import type { RoleSession } from '../../../citus/roles/role-sessions.js';
import { identifier } from '../../../citus/session/quote.js';
import type { Check } from '../../../contract/index.js';
import { failed, passed } from '../check.js';
import { mendOnNodes, sayByNodes } from '../on-nodes.js';
import { onCoordinator, onDataNode } from './sessions-needed.js';

/** A limit on a node that leaves too little. */
interface Limit {
  node: string;
  evidence: string;
  statement: string;
}

interface Demand {
  database: string;
  dataNodes: ReadonlySet<string>;
  /** Moves at once. */
  moves: number;
}

/**
 * Checks that the connection limits of roles and of the database let all moves have the sessions that they take at
 * once. Superusers have no limit.
 */
export function connectionLimits(
  sessions: readonly RoleSession[],
  conditions: readonly Conditions[],
  demand: Demand,
): Check {
  const limited = sessions.filter(({ role: { superuser } }) => !superuser);
  const limits = [
    ...limited.flatMap((session) => roleLimit(session, demand)),
    ...conditions.flatMap((condition) => databaseLimit(condition, limited, demand)),
  ];
  return limits.length === 0
    ? passed(
        'connection-limits',
        `no limit of a role or the database is below what ${demand.moves} moves at once take`,
      )
    : failed(
        'connection-limits',
        sayByNodes(limits.map(({ node, evidence }) => ({ node, what: evidence }))),
        `make fewer moves at once, or ${mendOnNodes(limits.map(({ node, statement }) => ({ node, what: statement })))}`,
      );
}

function needed({ role: { parts }, node }: RoleSession, { dataNodes, moves }: Demand): number {
  const { acting, owner } = dataNodes.has(node) ? onDataNode(moves) : onCoordinator(moves);
  return parts.includes('acting') ? acting : owner;
}

function roleLimit(session: RoleSession, demand: Demand): Limit[] {
  const { role, node, connectionLimit: limit, connections } = session;
  const need = needed(session, demand);
  if (limit < 0 || limit - connections >= need) return [];
  return [
    {
      node,
      evidence: `${role.role} may have ${limit} connections (ALTER ROLE … CONNECTION LIMIT) and has ${connections}; ${demand.moves} moves at once take ${need}`,
      statement: `ALTER ROLE ${identifier(role.role)} CONNECTION LIMIT ${connections + 2 * need};`,
    },
  ];
}

function databaseLimit(
  { node, databaseLimit: limit, databaseConnections: connections }: Conditions,
  sessions: readonly RoleSession[],
  demand: Demand,
): Limit[] {
  const need = sessions
    .filter((session) => session.node === node)
    .reduce((sum, session) => sum + needed(session, demand), 0);
  if (limit < 0 || limit - connections >= need) return [];
  return [
    {
      node,
      evidence: `${demand.database} takes ${limit} connections (ALTER DATABASE … CONNECTION LIMIT) and has ${connections}; ${demand.moves} moves at once take ${need}`,
      statement: `ALTER DATABASE ${identifier(demand.database)} CONNECTION LIMIT ${connections + 2 * need};`,
    },
  ];
}
