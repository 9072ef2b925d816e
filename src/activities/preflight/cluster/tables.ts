import type { Db } from '../../../citus/session/connect.js';
import { readTablesWithoutIdentity, readTableTraits } from '../../../citus/tables/tables.js';
import type { Check } from '../../../contract/index.js';
import { failed, listOf, passed, warning } from '../check.js';

/** Checks that every table can be moved online in this transfer mode. */
export async function replicaIdentity(db: Db, transferMode: string): Promise<Check> {
  const tables = await readTablesWithoutIdentity(db);
  if (tables.length === 0)
    return passed('replica-identity', 'every table has a primary key or another replica identity');
  const names = listOf(
    tables.map(({ name, why }) => `${name} (${why})`),
    20,
  );
  switch (transferMode) {
    case 'auto':
      return failed(
        'replica-identity',
        `can't be moved online: ${names}`,
        'give them a primary key or REPLICA IDENTITY, or choose force_logical (their UPDATE and DELETE fail meanwhile) or block_writes',
      );
    case 'force_logical':
      return warning(
        'replica-identity',
        `UPDATE and DELETE will fail while they move: ${names}`,
        'give them a primary key or REPLICA IDENTITY',
      );
    default:
      return passed('replica-identity', `writes are blocked while they move: ${names}`);
  }
}

/** Tables that can't move online at all, and those that we leave where they are. */
export async function tableTraits(db: Db, transferMode: string): Promise<Check[]> {
  const { unlogged, replicated } = await readTableTraits(db);
  const online = transferMode !== 'block_writes';
  return [
    online && unlogged.length > 0
      ? failed(
          'unlogged-tables',
          `unlogged tables can't be moved online: ${listOf(unlogged, 20)}`,
          'ALTER TABLE … SET LOGGED, or choose block_writes',
        )
      : passed(
          'unlogged-tables',
          unlogged.length > 0
            ? `unlogged, moved by block_writes: ${listOf(unlogged, 20)}`
            : 'no table is unlogged',
        ),
    ...(replicated.length > 0
      ? [
          failed(
            'replicated-shards',
            `tables whose shards have several placements, which are not moved: ${listOf(replicated, 20)}`,
            'use a replication factor of 1 and streaming standbys instead',
          ),
        ]
      : []),
  ];
}
