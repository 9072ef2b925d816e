import type { CleanupRow } from '../../citus/leftovers/catalog.js';
import type { NodeFindings } from '../../citus/leftovers/on-nodes.js';
import {
  dropPublication,
  dropRole,
  dropSlot,
  dropSubscription,
  type Refusal,
} from '../../citus/leftovers/removal.js';
import type { Db } from '../../citus/session/db.js';
import { identifier, literal } from '../../citus/session/quote.js';
import type { LeftoverKind } from '../../contract/index.js';
import type { Finding } from './finding.js';

const kinds: {
  kind: LeftoverKind;
  names: (look: NodeFindings) => string[];
  how: (name: string) => string;
  drop: (db: Db, node: string, name: string) => Promise<Refusal>;
}[] = [
  {
    kind: 'subscription',
    names: ({ subscriptions }) => subscriptions,
    how: (name) => {
      const it = identifier(name);
      return `ALTER SUBSCRIPTION ${it} DISABLE; ALTER SUBSCRIPTION ${it} SET (slot_name = NONE); DROP SUBSCRIPTION ${it}`;
    },
    drop: dropSubscription,
  },
  {
    kind: 'replication slot',
    names: ({ slots }) => slots,
    how: (name) => `SELECT pg_drop_replication_slot(${literal(name)})`,
    drop: dropSlot,
  },
  {
    kind: 'publication',
    names: ({ publications }) => publications,
    how: (name) => `DROP PUBLICATION ${identifier(name)}`,
    drop: dropPublication,
  },
  {
    kind: 'role',
    names: ({ roles }) => roles,
    how: (name) => `SET citus.enable_ddl_propagation = off; DROP ROLE ${identifier(name)}`,
    drop: dropRole,
  },
];

/**
 * Objects of moves and splits that are over. Their names end in the number of the operation, which Citus never uses
 * again; as long as a row of that operation is there, it runs, or Citus will clean up after it.
 */
export function movedObjects(look: NodeFindings, rows: CleanupRow[]): Finding[] {
  const live = rows.filter((row) => row.live);
  const operations = new Set(live.map(({ operationId }) => `${operationId}`));
  const names = new Set(live.map(({ name }) => name));
  const isOver = (name: string): boolean =>
    !names.has(name) && !operations.has(name.slice(name.lastIndexOf('_') + 1));
  return kinds.flatMap(({ kind, names: namesIn, how, drop }) =>
    namesIn(look)
      .filter(isOver)
      .map((name) => ({
        kind,
        node: look.node,
        name,
        how: how(name),
        remove: (db: Db) => drop(db, look.node, name),
      })),
  );
}
