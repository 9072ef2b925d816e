import type { Db } from '../session/db.js';
import { runOnNodes } from '../nodes/node-settings.js';

/** What tells one server from another, whatever it is called. */
export interface ServerIdentity {
  /** Same for a server and its physical copies; null to a role that may not ask. */
  systemIdentifier: string | null;
  /** When it was started, in seconds with fractions. */
  startedAt: string;
}

/** A registered node, and which server it is. */
export interface KnownServer extends ServerIdentity {
  node: string;
}

/** SQL for {@link ServerIdentity.startedAt}: the same in each time zone. */
export const startedAtSql = `extract(epoch FROM pg_catalog.pg_postmaster_start_time())::text`;

/** Reads which servers some nodes are. One that doesn't answer, or refuses the question, is left out. */
export async function readIdentities(db: Db, nodes: string[]): Promise<KnownServer[]> {
  const command = `SELECT json_build_object('startedAt', ${startedAtSql},
    'systemIdentifier', (SELECT system_identifier::text FROM pg_catalog.pg_control_system()))::text`;
  const answers = await runOnNodes(
    db,
    nodes.map((node) => ({ node, command })),
  );
  return answers.flatMap(({ node, success, result }) =>
    success ? [{ node, ...(JSON.parse(result) as ServerIdentity) }] : [],
  );
}

/** Whether two addresses lead to one server: a copy of it was started at another time. */
export function isSameServer(one: ServerIdentity, other: ServerIdentity): boolean {
  return one.startedAt === other.startedAt && !differ(one, other);
}

/** Whether one server is a physical copy of the other: a base backup, a restored snapshot, a standby. */
export function isCopy(one: ServerIdentity, other: ServerIdentity): boolean {
  return (
    one.systemIdentifier !== null &&
    one.systemIdentifier === other.systemIdentifier &&
    one.startedAt !== other.startedAt
  );
}

function differ(one: ServerIdentity, other: ServerIdentity): boolean {
  return (
    one.systemIdentifier !== null &&
    other.systemIdentifier !== null &&
    one.systemIdentifier !== other.systemIdentifier
  );
}
