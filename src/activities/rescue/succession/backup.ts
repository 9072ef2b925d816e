import { readKeptShards } from '../../../citus/lost/kept-shards.js';
import { copyRows, readOtherCopies, readReferenceCopies } from '../../../citus/lost/reference-rows.js';
import { differences, readShardCatalogs } from '../../../citus/lost/shard-catalog.js';
import { readOneShardEach } from '../../../citus/lost/successor.js';
import { isPointed, type Succession } from '../../../citus/nodes/point-at.js';
import { NodeSilentError } from '../../../citus/nodes/node-answers.js';
import { withNode, type Db } from '../../../citus/session/connect.js';
import type { ClusterConfig } from '../../../config/index.js';
import { passing } from '../../../failures.js';
import { changeSession, readSession } from '../../runtime/context.js';

/** Tables that are named. */
const mostNamed = 5;

/**
 * Compares a server that was restored from a backup with what the cluster has by now: what keeps it from taking a place, or
 * the reference tables of which it has other rows.
 */
export async function compareBackup(
  db: Db,
  node: string,
  groupId: number,
): Promise<{ why: string } | { older: string | undefined }> {
  try {
    const why = await whyUnlike(db, node, groupId);
    return why === undefined ? { older: await olderReferenceTables(db, node, groupId) } : { why };
  } catch (error) {
    // Another node may be away, whose tables it is compared with.
    if (!(error instanceof NodeSilentError)) throw error;
    return { why: `it can't be compared with the others: ${error.message}` };
  }
}

/** Whether its tables are as those of the other nodes. */
async function whyUnlike(db: Db, node: string, groupId: number): Promise<string | undefined> {
  const own = await readOneShardEach(db, groupId);
  const tables = own.map(({ table }) => table);
  const siblings = new Map(
    (await readKeptShards(db, tables, [groupId], 1)).map((shard) => [shard.table, shard]),
  );
  const shards = own.filter(({ table }) => siblings.has(table)).map((shard) => ({ ...shard, node }));
  const catalogs = await readShardCatalogs(db, shards);
  const others = await readShardCatalogs(db, [...siblings.values()]);
  for (const { table, shard } of shards) {
    const sibling = siblings.get(table);
    const [one, other] = [sibling && others.get(sibling.shard), catalogs.get(shard)];
    const [first] = one && other ? differences(one, other) : [];
    if (first !== undefined && sibling)
      return `its ${shard} is not like ${sibling.shard} on ${sibling.node}, as the table was changed after the backup: ${first}`;
  }
  return undefined;
}

/** The reference tables of which it has other rows than the cluster, for people. */
async function olderReferenceTables(db: Db, node: string, groupId: number): Promise<string | undefined> {
  const others = await readOtherCopies(db, node, await readReferenceCopies(db, groupId));
  if (others.length === 0) return undefined;
  const names = others.map(({ table }) => table);
  return `${names.slice(0, mostNamed).join(', ')}${names.length > mostNamed ? ` and ${names.length - mostNamed} more` : ''}`;
}

/**
 * Gives the copies of reference tables on a restored server the rows that the cluster has. It is no node yet, so that nobody
 * sees them before.
 *
 * @param mayAct asked right before; throws when nothing may be changed any more
 */
export async function alignReferenceTables(
  db: Db,
  cluster: ClusterConfig,
  succession: Succession,
  mayAct: () => Promise<void>,
): Promise<void> {
  const { to, groupId } = succession;
  // From then on these tables are written.
  if (await isPointed(db, succession)) return;
  const copies = await readReferenceCopies(db, groupId);
  const older = await readOtherCopies(db, to, copies);
  // Without a time-out: what is restored may be large.
  const reading = readSession('reference rows', { statementTimeoutSeconds: 0 });
  const writing = changeSession('take place', { statementTimeoutSeconds: 0 });
  for (const { node, shard } of older)
    await withNode(cluster, node, reading, (from) =>
      withNode(cluster, to, writing, async (there) => {
        await mayAct();
        await copyRows(from, there, shard);
      }),
    );
  const [left] = await readOtherCopies(db, to, older);
  if (left) throw passing(`${left.table} on ${to} still has other rows than on ${left.node}`);
}
