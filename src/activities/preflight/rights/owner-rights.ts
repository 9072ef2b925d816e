import type { Db } from '../../../citus/session/connect.js';
import { membershipGrant, type Member } from '../../../citus/roles/membership.js';
import { readOwnerProblems, type OwnerProblem } from '../../../citus/roles/owners.js';
import type { RefusedSession } from '../../../citus/roles/role-sessions.js';
import { identifier } from '../../../citus/session/quote.js';
import type { Check } from '../../../contract/index.js';
import { failed, listOf, passed } from '../check.js';
import { mendOnNodes, type OnNode } from '../on-nodes.js';

/** Moves take the rights of each table's owner, who must be able to take part on every node. */
export async function ownerRights(
  db: Db,
  nodes: string[],
  member: Member,
  refused: readonly RefusedSession[],
): Promise<Check> {
  const { user } = member;
  const problems = await readOwnerProblems(db, nodes, refused);
  if (problems.length === 0)
    return passed(
      'owner-rights',
      `${user} has the rights of every table owner; all may log in and create in their schemas, on ${nodes.length} nodes`,
    );
  return failed(
    'owner-rights',
    listOf(problems.map((each) => `${each.node}: ${evidenceOf(each, user)}`)),
    mend(
      problems.map((each) => ({ node: each.node, what: remedyOf(each, member) })),
      nodes,
    ),
  );
}

function evidenceOf({ owner, table, problem, schema, answer }: OwnerProblem, user: string): string {
  const of = `${owner} (owner of ${table})`;
  switch (problem) {
    case 'not a member':
      return `${user} lacks the rights of ${of}`;
    case 'may not log in':
      return `${of} may not log in`;
    case 'may not create in the schema':
      return `${of} may not create in the schema ${schema}`;
    case 'unknown there':
      return `there is no role ${of}`;
    case 'could not log in':
      return `the coordinator could not log in as ${of}: ${answer ?? 'no answer'}`;
    case 'we could not log in':
      return `the coordinator could not log in as ${user}: ${answer ?? 'no answer'}`;
  }
}

/**
 * What is granted on the coordinator in this matter reaches the workers, unless it has it already: then it is done where
 * it is missing.
 */
function mend(all: readonly OnNode[], nodes: readonly string[]): string {
  const whats = [...new Set(all.map(({ what }) => what))];
  const isEverywhere = (what: string): boolean =>
    all.filter((each) => each.what === what).length === nodes.length;
  const [words, statements] = [
    whats.filter((what) => !what.endsWith(';')),
    whats.filter((what) => what.endsWith(';')),
  ];
  const here = statements.filter(isEverywhere).slice(0, 10);
  const there = all.filter(({ what }) => statements.includes(what) && !isEverywhere(what));
  return [
    ...words.slice(0, 3),
    ...(here.length > 0 ? [`on the coordinator: ${here.join(' ')}`] : []),
    ...(there.length > 0 ? [mendOnNodes(there)] : []),
  ].join(' — ');
}

/** A statement, which ends with a semicolon, or what to do in words. */
function remedyOf({ owner, table, problem, schema, superuser }: OwnerProblem, member: Member): string {
  const role = identifier(owner);
  switch (problem) {
    case 'not a member':
      return superuser
        ? `${owner} is a superuser, of whom no operator should be a member: ALTER TABLE ${table} OWNER TO a role that is none`
        : `${membershipGrant(role, member)};`;
    case 'may not log in':
      return `ALTER ROLE ${role} LOGIN;`;
    case 'may not create in the schema':
      return `GRANT CREATE ON SCHEMA ${identifier(schema)} TO ${role};`;
    case 'unknown there':
      return `CREATE ROLE ${role} LOGIN;`;
    case 'could not log in':
    case 'we could not log in':
      return 'let nodes log in to each other as this role: pg_hba.conf of the node, ~/.pgpass (of the server) or certificates on the others';
  }
}
