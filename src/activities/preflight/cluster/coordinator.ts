import type { Db } from '../../../citus/session/connect.js';
import type { ClusterNode } from '../../../citus/nodes/nodes.js';
import { versionText, type ServerFacts } from '../../../citus/nodes/server-facts.js';
import { combinations, supportOf, type Check } from '../../../contract/index.js';
import { identifier } from '../../../citus/session/quote.js';
import { failed, listOf, passed, warning } from '../check.js';
import { mendOnNodes } from '../on-nodes.js';

/** Checks that the server is the coordinator of a Citus cluster. */
export function isCoordinator({ citus, localGroup }: ServerFacts): Check {
  if (citus === null) {
    return failed(
      'is-coordinator',
      'the database has no citus extension',
      'name the database of the Citus cluster in the config',
    );
  }
  return localGroup === 0
    ? passed('is-coordinator', `Citus ${citus}, node group 0`)
    : failed(
        'is-coordinator',
        `this server is a worker (node group ${String(localGroup)})`,
        'name the coordinator in the config',
      );
}

/** Checks that Citus is recent enough, that its update is finished, and that it was tried with this PostgreSQL. */
export function supportedVersions({ citus, library, versionNum }: ServerFacts): Check {
  const extension = citus ?? '';
  const { state, evidence } = supportOf({ extension, library: library ?? extension, postgres: versionNum });
  switch (state) {
    case 'tried':
    case 'double':
      return passed('supported-versions', evidence);
    case 'too-old':
      return failed('supported-versions', evidence, 'update Citus on every node first');
    case 'half-updated':
      return failed(
        'supported-versions',
        evidence,
        'finish the update, in this database, on the coordinator and then on every other node: ALTER EXTENSION citus UPDATE;',
      );
    case 'untried':
      return warning(
        'supported-versions',
        evidence,
        `try it on a copy of the cluster first; tried were ${listOf(triedOnes)}`,
      );
  }
}

const triedOnes = combinations.flatMap(({ citus, postgres, tried }) =>
  tried === undefined ? [] : [`Citus ${citus} with PostgreSQL ${postgres}`],
);

/** Checks that the coordinator takes writes. */
export function isWritable({ inRecovery, readOnly, user }: ServerFacts, database: string): Check {
  if (inRecovery)
    return failed(
      'coordinator-writable',
      'the server is a standby',
      'name the primary, or all candidates as hosts, in the config',
    );
  return readOnly
    ? failed(
        'coordinator-writable',
        'transactions are read-only',
        takeWrites('the coordinator', user, database),
      )
    : passed('coordinator-writable', 'a primary that takes writes');
}

/** What lets a role write in a database that is read-only by default; for this role alone, as it wins over all else. */
export function takeWrites(node: string, user: string, database: string): string {
  const statement = `ALTER ROLE ${identifier(user)} IN DATABASE ${identifier(database)} SET default_transaction_read_only = off;`;
  return `find out who wanted that and why; if it isn't wanted any more, ${mendOnNodes([{ node, what: statement }])}`;
}

/** Checks that new nodes can reach the coordinator by the address that it is registered with. */
export function addressFits(nodes: ClusterNode[], newNodes: string[]): Check {
  const own = nodes.find(({ role }) => role === 'coordinator');
  if (!own)
    return warning(
      'coordinator-address',
      'the coordinator is not registered in its own metadata',
      `on the coordinator, with the address by which workers reach it: SELECT citus_set_coordinator_host('<host>', <port>);`,
    );
  const local = isLocal(own.node);
  const elsewhere = newNodes.filter((node) => !isLocal(node));
  if (local && elsewhere.length > 0) {
    return failed(
      'coordinator-address',
      `the coordinator is registered as ${own.node}, which ${elsewhere.join(', ')} can't reach`,
      `on the coordinator, with the address by which workers reach it: SELECT citus_set_coordinator_host('<host>', <port>);`,
    );
  }
  return passed('coordinator-address', `registered as ${own.node}`);
}

/** Citus refuses a worker beside a coordinator that is called localhost, unless the worker is too. */
function isLocal(node: string): boolean {
  return /^localhost:/i.test(node);
}

/**
 * Checks that no pooler is in between: it hands a statement to any server process, so sessions, and moves, can't be
 * followed through it.
 */
export async function noPooler(db: Db): Promise<Check> {
  const pids = new Set<number>([db.backendPid]);
  for (let times = 0; times < 3; times += 1) {
    const [row] = await db.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    if (row) pids.add(row.pid);
  }
  return pids.size === 1
    ? passed('pooler', 'one session is one server process')
    : failed(
        'pooler',
        `one session was served by processes ${[...pids].join(', ')}`,
        'connect to PostgreSQL itself, not through a pooler',
      );
}

/** Notes the versions of the coordinator: it could be reached. */
export function versionsKnown({ versionNum, library }: ServerFacts): Check {
  return passed(
    'coordinator-reachable',
    `PostgreSQL ${versionText(versionNum)}, Citus ${library ?? 'missing'}`,
  );
}
