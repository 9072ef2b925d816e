import type { Db } from '../../citus/session/connect.js';
import { readCleanupRows, type CleanupRow } from '../../citus/leftovers/catalog.js';
import { readNodeFindings } from '../../citus/leftovers/on-nodes.js';
import { runOnNodes } from '../../citus/nodes/node-settings.js';
import type { ClusterNode } from '../../citus/nodes/nodes.js';
import { readRegistration } from '../../citus/nodes/registration.js';
import { does } from '../../contract/index.js';
import { passing } from '../../failures.js';
import { movedObjects } from '../leftovers/move-objects.js';
import { outcomeUndone } from './verification.js';

/** A node that left, as it was registered. */
export interface RemovedNode {
  node: string;
  nodeId: number;
  groupId: number;
}

/**
 * Traces of a removed node that stay: replication objects of moves, work that Citus put off and can't do any
 * more. Retried until every other node is in sync and counts it as a node no more.
 */
export async function tracesOf(db: Db, nodes: ClusterNode[], removed: RemovedNode): Promise<string[]> {
  const { node, groupId } = removed;
  if (await readRegistration(db, node))
    throw outcomeUndone(`${node} is registered again`, does('giveUp', 'or give up, and leave it as it is'));
  const others = nodes.filter(({ role, active }) => role !== 'secondary' && active);
  const late = others.find(({ hasMetadata, metadataSynced }) => hasMetadata && !metadataSynced);
  if (late) throw passing(`the metadata of ${late.node} is not in sync yet`);
  const before = (await readCleanupRows(db)) ?? [];
  const objects = await objectsOf(db, others, removed);
  const subscriptions = await subscriptionsLeft(db, others, before);
  const putOff = before.filter((row) => row.groupId === groupId);
  return [
    ...putOff.map(({ name }) => `pg_dist_cleanup: ${name} of the group of ${node}, which is gone`),
    ...objects,
    ...subscriptions,
  ].map((trace) => `left of moves: ${trace}; a clean-up removes it`);
}

/** Citus names slots and publications of a move by the node id of its target. */
async function objectsOf(
  db: Db,
  others: ClusterNode[],
  { node: removed, nodeId }: RemovedNode,
): Promise<string[]> {
  const objectPattern = `'^citus_shard_(move|split)_(slot|publication)_${nodeId}_'`;
  const command = `select json_build_object(
    'rows', (select count(*) from pg_dist_node where nodeid = ${nodeId}),
    'objects', (select coalesce(json_agg(name), '[]') from (
       select 'replication slot ' || slot_name as name from pg_replication_slots
        where slot_name ~ ${objectPattern} and database = current_database()
       union all select 'publication ' || pubname from pg_publication where pubname ~ ${objectPattern}) o))::text`;
  const answers = await runOnNodes(
    db,
    others.map(({ node }) => ({ node, command })),
  );
  return answers.flatMap(({ node, success, result }) => {
    if (!success) throw passing(`${node} does not answer: ${result}`);
    const { rows, objects } = JSON.parse(result) as { rows: number; objects: string[] };
    const hasMetadata = others.some((each) => each.node === node && each.hasMetadata);
    if (rows > 0 && hasMetadata) throw passing(`${node} still counts ${removed} as a node`);
    return objects.map((name) => `${name} on ${node}`);
  });
}

/** Their names say nothing of the node that they receive from, and only a superuser may read who that is: all are told. */
async function subscriptionsLeft(db: Db, others: ClusterNode[], before: CleanupRow[]): Promise<string[]> {
  const looks = await readNodeFindings(
    db,
    others.map(({ node }) => node),
  );
  const after = (await readCleanupRows(db)) ?? [];
  return looks.flatMap((look) => {
    if ('error' in look) throw passing(`${look.node} does not answer: ${look.error}`);
    return movedObjects(look, [...before, ...after])
      .filter(({ kind }) => kind === 'subscription' || kind === 'role')
      .map(({ kind, name, node }) => `${kind} ${name} on ${node}`);
  });
}
