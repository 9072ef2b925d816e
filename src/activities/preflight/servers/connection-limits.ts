import type { RoleSession } from '../../../citus/roles/role-sessions.js';
import { identifier } from '../../../citus/session/quote.js';
import type { Check } from '../../../contract/index.js';
import { failed, passed } from '../check.js';
import { mendOnNodes, sayByNodes } from './on-nodes.js';

/** A limit on a node that leaves too little. */
interface Limit {
  node: string;
  evidence: string;
  statement: string;
}

/** Sessions of ours on the coordinator besides those that move: they look, watch and register. */
const ownSessions = 4;

/**
 * Checks that the connection limits of roles let all moves have the sessions that they take at once. Superusers have no
 * limit. Measured: the acting role has two sessions a move on source and target, an owner one on the target.
 */
export function roleLimits(
  sessions: readonly RoleSession[],
  dataNodes: ReadonlySet<string>,
  moves: number,
): Check {
  const limits = sessions.flatMap(
    ({ role: { role, parts, superuser }, node, connectionLimit, connections }): Limit[] => {
      if (superuser || connectionLimit < 0) return [];
      const isActing = parts.includes('acting');
      const needed = dataNodes.has(node) ? (isActing ? 2 : 1) * moves : isActing ? moves + ownSessions : 1;
      return connectionLimit - connections >= needed
        ? []
        : [
            {
              node,
              evidence: `${role} may have ${connectionLimit} connections (ALTER ROLE … CONNECTION LIMIT) and has ${connections}; ${moves} moves at once take ${needed}`,
              statement: `ALTER ROLE ${identifier(role)} CONNECTION LIMIT ${connections + 2 * needed};`,
            },
          ];
    },
  );
  return limits.length === 0
    ? passed('connection-limits', `no limit of a role is below what ${moves} moves at once take`)
    : failed(
        'connection-limits',
        sayByNodes(limits.map(({ node, evidence }) => ({ node, what: evidence }))),
        `make fewer moves at once, or ${mendOnNodes(limits.map(({ node, statement }) => ({ node, what: statement })))}`,
      );
}
