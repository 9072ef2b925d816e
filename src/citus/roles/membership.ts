import { identifier } from '../session/quote.js';

/** What decides whether a role has the rights of those that it is a member of. */
export interface Member {
  user: string;
  /** Such as 150020. */
  versionNum: number;
  /** INHERIT of the role itself. */
  inherits: boolean;
}

/**
 * The SQL that gives a role another's rights. From PostgreSQL 16 on each membership says for itself whether it is
 * inherited: a plain GRANT leaves one that isn't as it is, and so does INHERIT of the role (docs/citus.md).
 */
export function membershipGrant(role: string, { user, versionNum, inherits }: Member): string {
  const grant = `GRANT ${role} TO ${identifier(user)}`;
  if (versionNum >= 160_000) return `${grant} WITH INHERIT TRUE`;
  return inherits ? grant : `${grant}; ALTER ROLE ${identifier(user)} INHERIT`;
}
