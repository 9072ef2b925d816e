import { readStandIns } from '../../../citus/lost/stand-ins.js';
import { readIdentities } from '../../../citus/new-server/identity.js';
import type { ClusterNode } from '../../../citus/nodes/nodes.js';
import { readReturned, type ReturnedServer } from '../../../citus/salvage/returned-server.js';
import { NodeNotAllowedError, withNode, type Db } from '../../../citus/session/connect.js';
import type { ClusterConfig } from '../../../config/index.js';
import type { Check } from '../../../contract/index.js';
import { count } from '../../../text/figures.js';
import { wrongServer } from '../../salvage/which-server.js';
import { readSession } from '../../runtime/context.js';
import { failed, passed } from '../check.js';

/** Whether a server was given up and came back, so that its rows can be brought over. */
export async function salvagingChecks(
  db: Db,
  cluster: ClusterConfig,
  nodes: ClusterNode[],
  salvaging: string | undefined,
): Promise<Check[]> {
  if (salvaging === undefined) return [];
  let returned: ReturnedServer;
  try {
    returned = await withNode(cluster, salvaging, readSession('preflight'), readReturned);
  } catch (error) {
    return [unusable(salvaging, error)];
  }
  const answering = nodes.filter(({ role }) => role !== 'secondary').map(({ node }) => node);
  const wrong = wrongServer(salvaging, returned, nodes, await readIdentities(db, answering));
  if (wrong) return [failed('salvage-server', wrong.problem, wrong.remedy)];
  const standIns = await readStandIns(db);
  if (standIns.length > 0)
    return [
      failed(
        'salvage-server',
        `${count(standIns.length, 'shard')} that were given up are not made anew yet: they take no rows`,
        'begin the emergency removal again: it goes on from there',
      ),
    ];
  return [passed('salvage-server', describe(salvaging, returned))];
}

function describe(node: string, { facts, members, isFenced, tables }: ReturnedServer): string {
  const shards = tables.reduce((sum, table) => sum + table.shards.length, 0);
  const list =
    members.length === 0
      ? '; its list of nodes is empty, so that only its tables say that it was of this cluster'
      : isFenced
        ? ', and is fenced'
        : ', and still writes into the cluster';
  return `${node} was node group ${facts.localGroup ?? '?'}, holds ${count(shards, 'shard')} of which nobody had a copy${list}`;
}

function unusable(node: string, error: unknown): Check {
  if (error instanceof NodeNotAllowedError)
    return failed(
      'salvage-server',
      error.message,
      `add a pattern for it to allowedNodes of the cluster in the config of the worker: ["${node}"]`,
    );
  const why = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
  return failed('salvage-server', `${node} can't be looked at: ${why}`, 'start it, then ask again');
}
