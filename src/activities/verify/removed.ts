import { ApplicationFailure } from '@temporalio/common';
import type { Db } from '../../citus/connect.js';
import { runOnNodes } from '../../citus/node-settings.js';
import type { ClusterNode } from '../../citus/nodes.js';
import { readRegistration } from '../../citus/registration.js';
import { passing } from '../classify.js';
import { needsPerson } from './shared.js';

/** A node that left, as it was registered. */
export interface Removed {
  node: string;
  nodeId: number;
  groupId: number;
}

/**
 * Whether nothing of a removed node is left: no row anywhere, nothing that Citus put off, no replication object of a
 * move to it. Retried until the other nodes have the metadata. Answers what stays and needs a person.
 */
export async function nothingLeft(db: Db, nodes: ClusterNode[], removed: Removed): Promise<string[]> {
  const { node, nodeId, groupId } = removed;
  if (await readRegistration(db, node))
    throw needsPerson(`${node} is registered again`, 'or give up, and leave it as it is');
  const others = nodes.filter(({ role, active }) => role !== 'secondary' && active);
  const command = traces(groupId, nodeId);
  const answers = await runOnNodes(
    db,
    others.map((each) => ({ node: each.node, command })),
  );
  const left: string[] = [];
  for (const answer of answers) {
    if (!answer.success)
      throw ApplicationFailure.retryable(`${answer.node} does not answer: ${answer.result}`, passing);
    const { rows, objects } = JSON.parse(answer.result) as { rows: number; objects: string[] };
    const hasMetadata = others.some((each) => each.node === answer.node && each.hasMetadata);
    if (rows > 0 && hasMetadata)
      throw ApplicationFailure.retryable(`${answer.node} still counts ${node} as a node`, passing);
    left.push(...objects.map((name) => `${answer.node}: ${name}`));
  }
  const [cleanup] = await db.query<{ n: number }>(
    'select count(*)::int as n from pg_dist_cleanup where node_group_id = $1',
    [groupId],
  );
  const rows = cleanup?.n ?? 0;
  return [
    ...(rows > 0 ? [`${rows} rows of pg_dist_cleanup name the group of ${node}, which is gone`] : []),
    ...(left.length > 0 ? [`left of moves to ${node}: ${left.slice(0, 20).join(', ')}`] : []),
  ];
}

/** Citus names slots and publications of a move by the node id of its target. */
function traces(groupId: number, nodeId: number): string {
  const named = `'^citus_shard_(move|split)_(slot|publication)_${nodeId}_'`;
  return `select json_build_object(
    'rows', (select count(*) from pg_dist_node where groupid = ${groupId}),
    'objects', (select coalesce(json_agg(name), '[]') from (
       select 'replication slot ' || slot_name as name from pg_replication_slots where slot_name ~ ${named}
       union all select 'publication ' || pubname from pg_publication where pubname ~ ${named}) o))::text`;
}
