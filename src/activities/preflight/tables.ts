import type { Db } from '../../citus/connect.js';
import { readOwnerProblems, readTablesWithoutIdentity } from '../../citus/tables.js';
import type { Check } from '../../contract/index.js';
import { blocker, listed, passed, warning } from './check.js';

export async function replicaIdentity(db: Db, transferMode: string): Promise<Check> {
  const tables = await readTablesWithoutIdentity(db);
  if (tables.length === 0)
    return passed('replica-identity', 'every table has a primary key or another replica identity');
  const named = listed(tables, 20);
  switch (transferMode) {
    case 'auto':
      return blocker(
        'replica-identity',
        `can't be moved online: ${named}`,
        'give them a primary key or REPLICA IDENTITY, or choose force_logical (their UPDATE and DELETE fail meanwhile) or block_writes',
      );
    case 'force_logical':
      return warning(
        'replica-identity',
        `UPDATE and DELETE will fail while they move: ${named}`,
        'give them a primary key or REPLICA IDENTITY',
      );
    default:
      return passed('replica-identity', `writes are blocked while they move: ${named}`);
  }
}

export async function ownerRights(db: Db): Promise<Check> {
  const problems = await readOwnerProblems(db);
  if (problems.length === 0)
    return passed(
      'owner-rights',
      'a member of every table owner; all may log in and create in their schemas',
    );
  const said = problems.map(({ owner, table, problem, schema }) =>
    problem === 'not a member'
      ? `not a member of ${owner} (${table})`
      : `${owner} ${problem === 'may not log in' ? problem : `may not create in ${schema}`} (${table})`,
  );
  return blocker(
    'owner-rights',
    listed(said),
    'GRANT <owner> TO <our role>; ALTER ROLE <owner> LOGIN; GRANT CREATE ON SCHEMA <schema> TO <owner>: on every node',
  );
}
